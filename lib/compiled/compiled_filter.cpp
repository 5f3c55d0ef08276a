// How a batch is run.
//
// Looking up a slot costs little more than the record's cache line. What costs is the rest: a
// walk over comparisons whose outcomes and number no processor can guess, and a wrong guess is
// worth ten comparisons. So a block of records is not walked record by record but step by step:
// all are looked up; those with something left are listed; then every listed record makes one
// step without a jump, and those that arrived drop out of the list, again without one. Steps of
// different records depend on nothing of each other and overlap.
#include "assay/compiled/compiled_filter.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <thread>
#include <utility>

#include "compiled/dispatch.hpp"
#include "compiled/specialise.hpp"

namespace assay::compiled {

using seccomp::SeccompData;
using seccomp::Verdict;
using seccomp::Words;
using symbolic::Manager;
using symbolic::Order;
using symbolic::Precision;
using symbolic::VerdictFunction;

namespace {

constexpr std::size_t block = 256;
// With more records than this left undecided in a block, those of the next are listed without
// a jump.
constexpr std::size_t few_left = block / 16;
constexpr std::size_t share = 64 * block;  // what a thread takes at a time

constexpr std::uint64_t paired(std::uint64_t low, std::uint64_t high) { return high << 32 | low; }

std::uint64_t pair_in(const unsigned char* record, std::uint32_t pair) {
  std::array<std::uint32_t, 2> words;
  std::memcpy(words.data(), record + std::size_t{8} * pair, sizeof words);
  return paired(words[0], words[1]);
}

// Where records come from: number and arch, and words 2p and 2p + 1 of record i, when it has
// this machine's byte order.
struct WordRecords {
  std::span<const Words> records;
  static constexpr bool own_order = true;  // whatever the arch
  std::uint64_t key(std::size_t i) const { return paired(records[i][0], records[i][1]); }
  std::uint64_t pair(std::size_t i, std::uint32_t pair) const {
    return pair_in(reinterpret_cast<const unsigned char*>(records[i].data()), pair);
  }
  Words words(std::size_t i) const { return records[i]; }
};

struct DataRecords {
  std::span<const SeccompData> records;
  static constexpr bool own_order = false;
  std::uint64_t key(std::size_t i) const { return paired(records[i].nr, records[i].arch); }
  // In this machine's byte order a record's bytes are its words.
  std::uint64_t pair(std::size_t i, std::uint32_t pair) const {
    return pair_in(reinterpret_cast<const unsigned char*>(&records[i]), pair);
  }
  Words words(std::size_t i) const { return engine::Interpreter::words_of(records[i]); }
};

struct ColumnRecords {
  const Columns& columns;
  std::array<const std::uint64_t*, 8> pairs{};  // of the fields from 1 on
  static constexpr bool own_order = false;

  explicit ColumnRecords(const Columns& from) : columns(from) {
    pairs[1] = from.instruction_pointer.data();
    for (std::size_t i = 0; i < from.args.size(); ++i) pairs[2 + i] = from.args[i].data();
  }
  std::uint64_t key(std::size_t i) const { return paired(columns.nr[i], columns.arch[i]); }
  std::uint64_t pair(std::size_t i, std::uint32_t pair) const {
    if (pair == 0) return key(i);
    const std::uint64_t field = pairs[pair] == nullptr ? 0 : pairs[pair][i];
    return std::endian::native == std::endian::little ? field : field << 32 | field >> 32;
  }
  Words words(std::size_t i) const { return engine::Interpreter::words_of(columns.record(i)); }
};

}  // namespace

SeccompData Columns::record(std::size_t i) const {
  const auto at = [i](std::span<const std::uint64_t> column) {
    return column.empty() ? std::uint64_t{0} : column[i];
  };
  SeccompData data{nr[i], arch[i], at(instruction_pointer), {}};
  for (std::size_t arg = 0; arg < args.size(); ++arg) data.args[arg] = at(args[arg]);
  return data;
}

CompiledFilter::CompiledFilter(const verify::Program& program, const seccomp::Semantics& semantics,
                               const symbolic::Budget& budget)
    : CompiledFilter(std::span(&program, 1), semantics, budget) {}

CompiledFilter::CompiledFilter(std::span<const verify::Program> oldest_first,
                               const seccomp::Semantics& semantics, const symbolic::Budget& budget)
    : semantics_(semantics) {
  Manager manager(Order::for_programs(oldest_first), budget);
  const auto function =
      VerdictFunction::of_stack(manager, oldest_first, semantics, Precision::Exact);
  if (function) {
    Dispatch(*this).build(symbolic::ValueTable::of(*function));
  } else {
    Specialiser(*this, oldest_first).build();
  }
}

CompiledFilter::CompiledFilter(const VerdictFunction& function) {
  Dispatch(*this).build(symbolic::ValueTable::of(function));
}

std::size_t CompiledFilter::bytes() const {
  std::size_t bytes = sizeof *this + slots_.size() * sizeof(Slot) + nodes_.size() * sizeof(Node) +
                      sets_.size() * sizeof(Set) + members_.size() * sizeof(Member) +
                      values_.size() * sizeof(std::uint32_t) + arches_.size() * sizeof(ArchRange);
  for (const auto& ranges : scopes_) bytes += ranges.size() * sizeof(Range);
  return bytes;
}

CompiledFilter::Slot CompiledFilter::find(std::uint64_t key) const {
  const auto before = [](const auto& range, std::uint32_t value) { return range.last < value; };
  const auto arch = static_cast<std::uint32_t>(key >> 32);
  const auto nr = static_cast<std::uint32_t>(key);
  const auto at = std::lower_bound(arches_.begin(), arches_.end(), arch, before);
  const std::vector<Range>& ranges = scopes_[at->scope];
  const auto range = std::lower_bound(ranges.begin(), ranges.end(), nr, before);
  return {key, range->value, range->rest};
}

std::uint32_t CompiledFilter::decide(std::uint32_t rest, const Words& words) const {
  if (!residues_.empty()) return run_residue(residues_[rest], words);
  const auto field = [&](std::uint32_t pair) {
    return paired(words[std::size_t{2} * pair], words[std::size_t{2} * pair + 1]);
  };
  do {
    if ((rest & set_mark) != 0) {
      const Set& set = sets_[rest & ~set_mark];
      rest = target_of(set, field(set.pair));
    } else {
      const Node& node = nodes_[rest];
      rest = target_of(node, field(node.pair));
    }
  } while ((rest & Target::value_mark) == 0);
  return values_[rest & ~Target::value_mark];
}

// Newest first, as in FilterStack; for one filter there is nothing to win over.
std::uint32_t CompiledFilter::run_residue(const Residue& residue, const Words& words) const {
  if (residue.filters.size() == 1) return residue.filters.front().run(words);
  Verdict result{value_of(seccomp::Action::Allow)};
  for (std::size_t i = residue.filters.size(); i-- > 0;) {
    const Verdict returned =
        residue.decided[i] ? residue.known[i] : Verdict{residue.filters[i].run(words)};
    if (overrides(returned, result, semantics_)) result = returned;
  }
  return result.value;
}

// The records of a block that are not decided yet: where they stand and where they go on, by
// what they do next. Adding one that is not meant writes behind the end and counts nothing.
struct CompiledFilter::Pending {
  struct List {
    std::array<std::uint64_t, block + 1> entries;
    std::size_t size = 0;

    void add_if(bool wanted, std::uint64_t entry) {
      entries[size] = entry;
      size += static_cast<std::size_t>(wanted);
    }
  };
  List at_set;
  List at_node;

  void add(std::size_t place, std::uint32_t rest) {
    const std::uint64_t entry = std::uint64_t{place} << 32 | rest;
    const bool known = rest == 0 || (rest & Target::value_mark) != 0;
    const bool set = (rest & set_mark) != 0;
    at_set.add_if(!known && set, entry);
    at_node.add_if(!known && !set, entry);
  }
  std::size_t size() const { return at_set.size + at_node.size; }
};

// What has no slot, or one with a rest where few have.
template <class Records>
void CompiledFilter::miss(const Records& records, std::size_t i, std::uint32_t* value,
                          std::size_t place, Pending& pending) const {
  const std::uint64_t key = records.key(i);
  const Slot& near = slots_[place_of(key)];
  const bool in_row = (near.key ^ key) <= rest_mark;
  const Slot slot = in_row ? near : find(key);
  *value = slot.value;
  if (slot.rest == 0) return;
  const bool as_it_stands =
      Records::own_order || in_row ||
      seccomp::byte_order(static_cast<std::uint32_t>(key >> 32)) == std::endian::native;
  if (as_it_stands && residues_.empty()) {
    pending.add(place, slot.rest);
  } else {
    *value = decide(slot.rest, records.words(i));
  }
}

template <bool few, class Records>
void CompiledFilter::look_up_block(const Records& records, std::size_t first, std::size_t count,
                                   std::uint32_t* values, Pending& pending) const {
  const Slot* const slots = slots_.data();
  // A store of a value could change it, for all that a compiler knows.
  const unsigned shift = row_shift_;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t key = records.key(first + i);
    const Slot& slot = slots[place_of(key, shift)];
    if ((slot.key ^ key) <= (few ? 0 : rest_mark)) [[likely]] {
      values[i] = slot.value;
      if (!few) pending.add(i, slot.rest);
    } else {
      miss(records, first + i, values + i, i, pending);
    }
  }
}

template <class Records>
void CompiledFilter::walk(const Records& records, std::size_t first, std::uint32_t* values,
                          Pending& pending) const {
  const std::uint32_t* const known = values_.data();
  const auto step = [&](Pending::List& list, const auto& table) {
    const std::size_t size = std::exchange(list.size, 0);
    for (std::size_t j = 0; j < size; ++j) {
      const std::uint64_t entry = list.entries[j];
      const std::size_t place = entry >> 32;
      const auto& at = table[static_cast<std::uint32_t>(entry) & ~set_mark];
      const std::uint32_t target = target_of(at, records.pair(first + place, at.pair));
      values[place] = known[(target & Target::value_mark) != 0 ? target & ~Target::value_mark : 0];
      pending.add(place, target);
    }
  };
  while (pending.size() > 0) {
    step(pending.at_set, sets_.data());
    step(pending.at_node, nodes_.data());
  }
}

template <class Records>
void CompiledFilter::run_range(const Records& records, std::size_t from, std::size_t to,
                               std::uint32_t* values) const {
  Pending pending;
  bool few = true;
  for (std::size_t at = from; at < to; at += block) {
    const std::size_t count = std::min(block, to - at);
    if (few || !residues_.empty()) {
      look_up_block<true>(records, at, count, values + at, pending);
    } else {
      look_up_block<false>(records, at, count, values + at, pending);
    }
    few = pending.size() <= few_left;
    walk(records, at, values + at, pending);
  }
}

template <class Records>
void CompiledFilter::run_all(const Records& records, std::size_t count, std::uint32_t* values,
                             unsigned threads) const {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t from; (from = next.fetch_add(share, std::memory_order_relaxed)) < count;)
      run_range(records, from, std::min(from + share, count), values);
  };
  const std::size_t shares = (count + share - 1) / share;
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < std::min<std::size_t>(threads, shares); ++i)
    others.emplace_back(work);
  work();
}

void CompiledFilter::run(std::span<const SeccompData> records, std::span<std::uint32_t> values,
                         unsigned threads) const {
  run_all(DataRecords{records}, records.size(), values.data(), threads);
}

void CompiledFilter::run(std::span<const Words> records, std::span<std::uint32_t> values,
                         unsigned threads) const {
  run_all(WordRecords{records}, records.size(), values.data(), threads);
}

void CompiledFilter::run(const Columns& records, std::span<std::uint32_t> values,
                         unsigned threads) const {
  run_all(ColumnRecords(records), records.size(), values.data(), threads);
}

}  // namespace assay::compiled
