// The reference engine: runs a Program on one record as Linux would, instruction by
// instruction. Every other engine is held to its answers.
//
// Total on a Program: there is no error to return. A, X and M[] start at 0 and are 32-bit
// unsigned; arithmetic wraps; a shift by X counts as the chosen Semantics say; division by
// an X of 0 ends the program with value 0, which is KILL_THREAD.
// A program is decoded once; run() may then be called from many threads at a time.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "assay/seccomp/arch.hpp"
#include "assay/seccomp/seccomp_data.hpp"
#include "assay/seccomp/semantics.hpp"
#include "assay/verify/program.hpp"

namespace assay::engine {

using ScratchMemory = std::array<std::uint32_t, bpf::scratch_words>;

// The machine in front of the instruction at pc.
struct State {
  std::size_t pc;
  std::uint32_t a;
  std::uint32_t x;
  const ScratchMemory& m;
};

// Told of every instruction before it is executed.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_instruction(const State& state) = 0;
};

struct Outcome {
  std::uint32_t value = 0;         // what the filter returns, all 32 bits
  std::uint32_t instructions = 0;  // executed, the last one included
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

class Interpreter {
 public:
  explicit Interpreter(const verify::Program& program, const seccomp::Semantics& semantics = {});

  std::uint32_t run(const seccomp::Words& words) const;
  Outcome count(const seccomp::Words& words) const;
  std::uint32_t observe(const seccomp::Words& words, Observer& observer) const;

  // The same for a record, whose words have the byte order of its arch.
  std::uint32_t run(const seccomp::SeccompData& data) const { return run(words_of(data)); }

  static seccomp::Words words_of(const seccomp::SeccompData& data) {
    return seccomp::words(data, seccomp::byte_order(data.arch));
  }

 private:
  // A decoded instruction. Equality tests that fall through to one another form a chain,
  // which an inner loop walks: its next step does not wait for the comparison, as the next
  // of a lone branch must.
  struct Step {
    std::uint16_t kind;   // the opcode, marked when its condition is turned around
    std::uint16_t next;   // steps to the target when the condition holds
    std::uint16_t other;  // and when not
    std::uint16_t links;  // of the chain from here, this one included; 0: no branch on K
    std::uint32_t k;      // constant, index of the input word, M[] cell or jump distance
  };
  static Step decode(const bpf::Instruction& insn);

  template <class Watch>
  std::uint32_t execute(const seccomp::Words& words, Watch& watch) const;

  std::vector<Step> steps_;
  seccomp::ShiftRule shift_;
};

}  // namespace assay::engine
