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
    const std::uint64_t key = key_of(words[1], words[0]);
    const std::size_t slot = slot_of(key);
    return slot_keys_[slot] == key ? slot_values_[slot] : run_further(key, words);
  }
  std::uint32_t run(const seccomp::SeccompData& data) const {
    const std::uint64_t key = key_of(data.arch, data.nr);
    const std::size_t slot = slot_of(key);
    if (slot_keys_[slot] == key) [[likely]]
      return slot_values_[slot];
    return run_further(key, engine::Interpreter::words_of(data));
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
  std::size_t steps() const { return nodes_.size() + sets_.size() - 1; }
  std::size_t bytes() const;

 private:
  friend class Dispatch;     // lib/compiled/dispatch.cpp
  friend class Specialiser;  // lib/compiled/specialise.cpp

  // Where a walk goes on: a value (Target::value_mark), a set, or else a node.
  static constexpr std::uint32_t set_mark = 0x40000000;

  // What is known once (arch, nr) is: the value, or what decides.
  struct Found {
    std::uint32_t value = 0;
    std::uint32_t rest = 0;  // 0: nothing; else where to go on, or a residue when there are any
  };

  struct Node {
    std::uint64_t mask = 0;
    std::uint64_t value = 0;
    std::array<std::uint32_t, 3> targets{};  // below, equal, above
    std::uint32_t pair = 0;
  };
  // Many values of one field at a time: a table without collisions.
  struct Set {
    std::uint64_t mask = 0;
    std::uint64_t factor = 0;
    std::uint32_t shift = 0;
    std::uint32_t members = 0;  // index of the first
    std::uint32_t otherwise = 0;
    std::uint32_t pair = 0;
  };
  struct Member {
    std::uint64_t value = 0;
    std::uint32_t target = 0;
  };
  struct Range {  // of numbers, up to `last`
    std::uint32_t last;
    std::uint32_t value;
    std::uint32_t rest;
  };
  struct ArchRange {
    std::uint32_t last;
    std::uint32_t scope;
  };
  // Programs that what is known of (arch, nr) has shortened, oldest first, and the values of
  // those that it has decided.
  struct Residue {
    std::vector<engine::Interpreter> filters;
    std::vector<seccomp::Verdict> known;
    std::vector<bool> decided;
  };

  static constexpr std::uint64_t key_of(std::uint32_t arch, std::uint32_t nr) {
    return std::uint64_t{arch} << 32 | nr;
  }
  // Some arches have a row of slots for their lowest numbers. A slot's number is the highest bits
  // of the key's product with factor_, of which the lowest bit is row_step: numbers of one arch
  // follow each other, and the rest of the factor sets the rows apart.
  static constexpr std::uint32_t row_size = 512;
  static constexpr unsigned slot_bits = 12;
  static constexpr std::uint64_t row_step = std::uint64_t{1} << (64 - slot_bits);
  std::size_t slot_of(std::uint64_t key) const { return key * factor_ >> (64 - slot_bits); }
  // A slot's key with this bit changed says that there is a rest. No key comes to a slot that is
  // another one's but for this bit: both are of one row.
  static constexpr std::uint64_t rest_mark = 1;
  Found look_up(std::uint64_t key) const {
    const std::size_t slot = slot_of(key);
    if ((slot_keys_[slot] ^ key) <= rest_mark) return {slot_values_[slot], slot_rests_[slot]};
    return find(key);
  }
  Found find(std::uint64_t key) const;
  std::uint32_t run_further(std::uint64_t key, const seccomp::Words& words) const;
  std::uint32_t decide(std::uint32_t rest, const seccomp::Words& words) const;
  std::uint32_t target_of(const Node& node, std::uint64_t field) const {
    field &= node.mask;
    return node.targets[static_cast<std::size_t>(field >= node.value) +
                        static_cast<std::size_t>(field > node.value)];
  }
  std::uint32_t target_of(const Set& set, std::uint64_t field) const {
    field &= set.mask;
    const Member& member = members_[set.members + (field * set.factor >> set.shift)];
    return member.value == field ? member.target : set.otherwise;
  }
  std::uint32_t run_residue(const Residue& residue, const seccomp::Words& words) const;

  struct Unfinished;
  struct Pending;
  template <class Records>
  void look_up_one(const Records& records, std::size_t first, std::size_t i, std::uint32_t* values,
                   Unfinished& unfinished) const;
  template <class Records>
  void look_up_block(const Records& records, std::size_t first, std::size_t count,
                     std::uint32_t* values, Unfinished& unfinished) const;
  template <class Records>
  void finish(const Records& records, std::size_t first, std::uint32_t* values,
              const Unfinished& unfinished) const;
  template <class Records>
  void walk(const Records& records, std::size_t first, std::uint32_t* values,
            Pending& pending) const;
  template <class Records>
  void run_range(const Records& records, std::size_t from, std::size_t to,
                 std::uint32_t* values) const;
  template <class Records>
  void run_all(const Records& records, std::size_t count, std::uint32_t* values,
               unsigned threads) const;

  // Apart, since only the first two are read again and again.
  std::uint64_t factor_ = row_step;
  std::vector<std::uint64_t> slot_keys_;
  std::vector<std::uint32_t> slot_values_;
  std::vector<std::uint32_t> slot_rests_;
  std::vector<Node> nodes_{Node{}};  // [0] is none
  std::vector<Set> sets_;
  std::vector<Member> members_;
  std::vector<std::uint32_t> values_;
  std::vector<std::vector<Range>> scopes_;  // rising, the last one ends at 2^32 - 1
  std::vector<ArchRange> arches_;           // the same
  std::vector<Residue> residues_;
  seccomp::Semantics semantics_;
};

}  // namespace assay::compiled
