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
constexpr std::size_t share = 64 * block;  // what a thread takes at a time

constexpr std::uint64_t paired(std::uint64_t low, std::uint64_t high) { return high << 32 | low; }

std::uint64_t pair_in(const unsigned char* record, std::uint32_t pair) {
  std::array<std::uint32_t, 2> words;
  std::memcpy(words.data(), record + std::size_t{8} * pair, sizeof words);
  return paired(words[0], words[1]);
}

// Where records come from: the number, the arch, and words 2p and 2p + 1 of record i. Records of
// the other byte order keep their own words in `foreign`.
struct WordRecords {
  std::span<const Words> records;
  static constexpr bool has_foreign = false;
  std::uint32_t nr(std::size_t i) const { return records[i][0]; }
  std::uint32_t arch(std::size_t i) const { return records[i][1]; }
  std::uint64_t pair(std::size_t i, std::uint32_t pair) const {
    return pair_in(reinterpret_cast<const unsigned char*>(records[i].data()), pair);
  }
  Words words(std::size_t i) const { return records[i]; }
};

struct DataRecords {
  std::span<const SeccompData> records;
  static constexpr bool has_foreign = true;
  std::uint32_t nr(std::size_t i) const { return records[i].nr; }
  std::uint32_t arch(std::size_t i) const { return records[i].arch; }
  // In this machine's byte order a record's bytes are its words.
  std::uint64_t pair(std::size_t i, std::uint32_t pair) const {
    return pair_in(reinterpret_cast<const unsigned char*>(&records[i]), pair);
  }
  Words words(std::size_t i) const { return engine::Interpreter::words_of(records[i]); }
};

struct ColumnRecords {
  const Columns& columns;
  std::array<const std::uint64_t*, 8> pairs{};  // of the fields from 1 on
  static constexpr bool has_foreign = true;

  explicit ColumnRecords(const Columns& from) : columns(from) {
    pairs[1] = from.instruction_pointer.data();
    for (std::size_t i = 0; i < from.args.size(); ++i) pairs[2 + i] = from.args[i].data();
  }
  std::uint32_t nr(std::size_t i) const { return columns.nr[i]; }
  std::uint32_t arch(std::size_t i) const { return columns.arch[i]; }
  std::uint64_t pair(std::size_t i, std::uint32_t pair) const {
    if (pair == 0) return paired(nr(i), arch(i));
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
                      values_.size() * sizeof(std::uint32_t);
  for (const Scope& scope : scopes_) bytes += sizeof scope + scope.ranges.size() * sizeof(Range);
  return bytes;
}

CompiledFilter::Slot CompiledFilter::find(std::uint32_t arch, std::uint32_t nr) const {
  const auto before = [](const auto& range, std::uint32_t value) { return range.last < value; };
  const auto at = std::lower_bound(arches_.begin(), arches_.end(), arch, before);
  const Scope& scope = scopes_[at->scope];
  for (const Window& window : {scope.low, scope.x32})
    if (nr - window.first < window.size) return slots_[window.slots + (nr - window.first)];
  return std::lower_bound(scope.ranges.begin(), scope.ranges.end(), nr, before)->slot;
}

std::uint32_t CompiledFilter::decide(Slot slot, const Words& words) const {
  if (!residues_.empty()) return run_residue(residues_[slot.rest], words);
  std::uint32_t at = slot.rest;
  do {
    const Node& node = nodes_[at];
    const std::size_t first = std::size_t{2} * node.pair;
    const std::uint64_t field = paired(words[first], words[first + 1]) & node.mask;
    at = node.targets[static_cast<std::size_t>(field >= node.value) +
                      static_cast<std::size_t>(field > node.value)];
  } while ((at & Target::value_mark) == 0);
  return values_[at & ~Target::value_mark];
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

// Whether words of such records stand in memory as they are read; all behind a gate do.
bool CompiledFilter::is_native(std::uint32_t arch) const {
  const Gate& gate = gate_of(arch);
  const bool gated = gate.arch == arch && gate.window.size != 0;
  return gated || seccomp::byte_order(arch) == std::endian::native;
}

template <class Records>
void CompiledFilter::run_block(const Records& records, std::size_t first, std::size_t count,
                               std::uint32_t* values) const {
  std::array<std::uint32_t, block> places;
  std::array<std::uint32_t, block> rests;
  std::size_t left = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Slot slot = look_up(records.arch(first + i), records.nr(first + i));
    values[i] = slot.value;
    places[left] = static_cast<std::uint32_t>(i);
    rests[left] = slot.rest;
    left += static_cast<std::size_t>(slot.rest != 0);
  }
  if (!residues_.empty()) {
    for (std::size_t j = 0; j < left; ++j)
      values[places[j]] = run_residue(residues_[rests[j]], records.words(first + places[j]));
    return;
  }
  if constexpr (Records::has_foreign) {
    std::size_t native = 0;
    for (std::size_t j = 0; j < left; ++j) {
      const std::size_t i = first + places[j];
      if (is_native(records.arch(i))) {
        places[native] = places[j];
        rests[native++] = rests[j];
      } else {
        values[places[j]] = decide({0, rests[j]}, records.words(i));
      }
    }
    left = native;
  }
  const Node* const nodes = nodes_.data();
  const std::uint32_t* const known = values_.data();
  while (left > 0) {
    std::size_t next = 0;
    for (std::size_t j = 0; j < left; ++j) {
      const Node& node = nodes[rests[j]];
      const std::uint32_t place = places[j];
      const std::uint64_t field = records.pair(first + place, node.pair) & node.mask;
      const std::uint32_t target = node.targets[static_cast<std::size_t>(field >= node.value) +
                                                static_cast<std::size_t>(field > node.value)];
      const bool arrived = (target & Target::value_mark) != 0;
      values[place] = known[arrived ? target & ~Target::value_mark : 0];
      places[next] = place;
      rests[next] = target;
      next += static_cast<std::size_t>(!arrived);
    }
    left = next;
  }
}

template <class Records>
void CompiledFilter::run_all(const Records& records, std::size_t count, std::uint32_t* values,
                             unsigned threads) const {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t from; (from = next.fetch_add(share, std::memory_order_relaxed)) < count;) {
      const std::size_t to = std::min(from + share, count);
      for (std::size_t at = from; at < to; at += block)
        run_block(records, at, std::min(block, to - at), values + at);
    }
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
