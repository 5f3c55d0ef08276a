// The fast engine: a filter, or a whole stack, as a table by (arch, nr) and, only for calls
// whose verdict depends on more, the few comparisons of fields on which it does depend.
//
// Made from the verdict function, so that nothing of the filter's own code is followed. Where
// the function is not decided within the budget, the programs are specialised for each (arch,
// nr) instead, and the interpreter runs what is left of them. Either way every input, of all
// 2^512, gets all 32 bits that engine::Interpreter gives it for one filter, and
// engine::FilterStack for several.
// Immutable when made; threads may share it. What it costs and why: docs/benchmarks.md.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "assay/engine/interpreter.hpp"
#include "assay/symbolic/budget.hpp"
#include "assay/symbolic/verdict_function.hpp"

namespace assay::compiled {

// Enough for every filter that people wrote; more is not worth the wait.
inline constexpr symbolic::Budget compile_budget{std::size_t{1} << 20,
                                                 std::chrono::milliseconds(1'000)};

// Records by column, all of one length. Columns that are left out read as 0.
struct Columns {
  std::span<const std::uint32_t> nr;
  std::span<const std::uint32_t> arch;
  std::span<const std::uint64_t> instruction_pointer;
  std::array<std::span<const std::uint64_t>, 6> args;

  std::size_t size() const { return nr.size(); }
  seccomp::SeccompData record(std::size_t i) const;
};

class CompiledFilter {
 public:
  explicit CompiledFilter(const verify::Program& program, const seccomp::Semantics& semantics = {},
                          const symbolic::Budget& budget = compile_budget);
  // Oldest first. An empty stack allows everything.
  explicit CompiledFilter(std::span<const verify::Program> oldest_first,
                          const seccomp::Semantics& semantics = {},
                          const symbolic::Budget& budget = compile_budget);
  // Of a function that is there already; its precision says which bits are told apart.
  explicit CompiledFilter(const symbolic::VerdictFunction& function);

  std::uint32_t run(const seccomp::Words& words) const {
    const Slot slot = look_up(words[1], words[0]);
    return slot.rest == 0 ? slot.value : decide(slot, words);
  }
  std::uint32_t run(const seccomp::SeccompData& data) const {
    const Slot slot = look_up(data.arch, data.nr);
    return slot.rest == 0 ? slot.value : decide(slot, engine::Interpreter::words_of(data));
  }

  // Batches: values[i] is what record i gets; as many values as records. With more than one
  // thread the records are shared out between them.
  void run(std::span<const seccomp::SeccompData> records, std::span<std::uint32_t> values,
           unsigned threads = 1) const;
  void run(std::span<const seccomp::Words> records, std::span<std::uint32_t> values,
           unsigned threads = 1) const;
  void run(const Columns& records, std::span<std::uint32_t> values, unsigned threads = 1) const;

  // Whether it was made from the verdict function.
  bool decided() const { return residues_.empty(); }
  std::size_t comparisons() const { return nodes_.size() - 1; }
  std::size_t bytes() const;

 private:
  friend class Dispatch;     // lib/compiled/dispatch.cpp
  friend class Specialiser;  // lib/compiled/specialise.cpp

  // What is known once (arch, nr) is: the value, or what decides.
  struct Slot {
    std::uint32_t value = 0;
    std::uint32_t rest = 0;  // 0: nothing; else a node, or a residue when there are any
  };
  struct Node {
    std::uint64_t mask = 0;
    std::uint64_t value = 0;
    std::array<std::uint32_t, 3> targets{};  // below, equal, above: Target::bits()
    std::uint32_t pair = 0;
  };
  // The numbers of an arch from `first` on that have a slot each.
  struct Window {
    std::uint32_t first = 0;
    std::uint32_t size = 0;
    std::uint32_t slots = 0;  // index of the first one's
  };
  struct Gate {
    std::uint32_t arch = 0;
    Window window;
  };
  struct Range {  // of numbers, up to `last`
    std::uint32_t last;
    Slot slot;
  };
  // The numbers of some arches.
  struct Scope {
    Window low, x32;
    std::vector<Range> ranges;  // rising, the last one ends at 2^32 - 1
  };
  struct ArchRange {
    std::uint32_t last;
    std::uint32_t scope;
  };
  // A program that what is known of (arch, nr) has shortened.
  struct Residue {
    std::vector<engine::Interpreter> filters;  // oldest first
    std::vector<seccomp::Verdict> known;       // of those that are decided, by place
    std::vector<bool> decided;
  };

  static constexpr unsigned gate_bits = 6;
  const Gate& gate_of(std::uint32_t arch) const {
    return gates_[arch * gate_factor_ >> (32 - gate_bits)];
  }
  bool is_native(std::uint32_t arch) const;
  Slot look_up(std::uint32_t arch, std::uint32_t nr) const {
    const Gate& gate = gate_of(arch);
    if (gate.arch == arch && nr < gate.window.size) [[likely]]
      return slots_[gate.window.slots + nr];
    return find(arch, nr);
  }
  Slot find(std::uint32_t arch, std::uint32_t nr) const;
  std::uint32_t decide(Slot slot, const seccomp::Words& words) const;
  std::uint32_t run_residue(const Residue& residue, const seccomp::Words& words) const;

  template <class Records>
  void run_block(const Records& records, std::size_t first, std::size_t count,
                 std::uint32_t* values) const;
  template <class Records>
  void run_all(const Records& records, std::size_t count, std::uint32_t* values,
               unsigned threads) const;

  std::array<Gate, 1U << gate_bits> gates_{};
  std::uint32_t gate_factor_ = 0;
  std::vector<Slot> slots_;
  std::vector<Node> nodes_{Node{}};  // [0] is none
  std::vector<std::uint32_t> values_;
  std::vector<Scope> scopes_;
  std::vector<ArchRange> arches_;  // rising, the last one ends at 2^32 - 1
  std::vector<Residue> residues_;
  seccomp::Semantics semantics_;
};

}  // namespace assay::compiled
