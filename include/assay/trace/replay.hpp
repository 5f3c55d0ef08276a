// What a filter says of a whole recording: how often which verdict, which calls it refuses,
// which it allows that never came, and what the recording leaves open.
//
//   Replay replay(judge);
//   replay.take(call); ...               // or take(records, first)
//   replay.refused(); replay.unused();   // at the end
//
// Rows are of calls that the filter tells apart: one call number, and of the arguments the
// bits that decide. Their number is bounded (row_limit); what has no row is counted.
#pragma once

#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "assay/seccomp/arch.hpp"
#include "assay/trace/judge.hpp"

namespace assay::trace {

struct Row {
  Call call;  // the first of them, with its line
  Judgement judgement;
  std::uint64_t count = 0;
};

struct Unused {
  seccomp::Arch arch{};
  std::vector<std::uint32_t> numbers;  // of calls with a name, rising
};

class Replay {
 public:
  static constexpr std::size_t row_limit = 65536;

  explicit Replay(Judge& judge, const seccomp::Semantics& semantics = {})
      : judge_(judge), semantics_(semantics) {}

  const Judgement& take(const Call& call);
  // Complete records, the first of them the `first`th of the recording.
  void take(std::span<const seccomp::SeccompData> records, std::size_t first);

  std::uint64_t calls() const { return calls_; }
  std::uint64_t with(Certainty certainty) const {
    return certainty_[static_cast<std::size_t>(certainty)];
  }
  std::uint64_t arch_assumed() const { return arch_assumed_; }

  // Calls by verdict, strongest first; open ones are not among them.
  struct VerdictCount {
    seccomp::Verdict verdict;
    std::uint64_t count = 0;
  };
  std::vector<VerdictCount> counts() const;

  // Neither ALLOW nor LOG, in the order of their first lines.
  std::vector<Row> refused() const { return rows(false); }
  std::vector<Row> open() const { return rows(true); }
  // Calls that were recorded as refused, or not, and for which the filter is certain of another
  // action.
  const std::vector<Row>& contradictions() const { return contradictions_; }
  std::uint64_t contradicted() const { return contradicted_; }
  // Of each ABI that the recording has: named calls that the filter lets through, for some
  // arguments at least, and that were not made.
  std::vector<Unused> unused() const;
  std::uint64_t without_row() const { return without_row_; }

 private:
  struct Slot {
    std::uint64_t count = 0;
    std::map<std::u32string, Row> rows;
  };
  // A number met lately. Complete records that get what the last one of their number got, where
  // all that get it share a row, are but counted here until settle().
  struct Near {
    static constexpr std::uint64_t no_value = ~std::uint64_t{0};
    std::uint64_t key = 0;
    std::uint64_t value = no_value;
    std::uint64_t again = 0;
    Slot* slot = nullptr;
    std::uint64_t* cell = nullptr;
    Row* row = nullptr;
  };
  static constexpr seccomp::SeccompData no_arguments{};

  Near& near(std::uint64_t key) { return near_[(key ^ key >> 56) % near_.size()]; }
  Slot& slot(std::uint64_t key);
  static void settle(Near& near);
  void tally(const Call& call, const Judgement& judgement);
  void take_value(const seccomp::SeccompData& record, std::uint32_t value, std::size_t line);
  void take_first(const seccomp::SeccompData& record, std::uint32_t value, std::size_t line);
  Row* add_row(Slot& slot, const Call& call, const Judgement& judgement);
  void compare_with_recorded(const Call& call, const Judgement& judgement);
  std::u32string key_of(const Call& call, const Judgement& judgement) const;
  std::vector<Row> rows(bool open) const;

  Judge& judge_;
  seccomp::Semantics semantics_;
  std::unordered_map<std::uint64_t, Slot> slots_;
  Slot rest_;  // of numbers that found no slot
  std::array<Near, 512> near_{};
  std::map<std::uint32_t, std::uint64_t> counts_;
  std::array<std::uint64_t, 3> certainty_{};
  std::vector<Row> contradictions_;
  std::uint64_t contradicted_ = 0;
  std::uint64_t calls_ = 0;
  std::uint64_t arch_assumed_ = 0;
  std::uint64_t without_row_ = 0;
  std::size_t rows_ = 0;
};

}  // namespace assay::trace
