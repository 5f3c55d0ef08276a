// How a batch is run.
//
// Looking up a slot costs little more than the record's cache line. What costs is the rest: a
// walk over comparisons whose outcomes and number no processor can guess, and a wrong guess is
// worth ten comparisons. So a block of records is not walked record by record but step by step:
// all are looked up, and those with something left are listed; then every listed record makes one
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
constexpr std::size_t group = 8;  // records among which a number without slot is looked for at once
constexpr std::size_t ahead = 32;  // records from the one that is looked up to the one fetched
constexpr std::size_t share = 64 * block;  // what a thread takes at a time

constexpr std::uint64_t paired(std::uint64_t low, std::uint64_t high) { return high << 32 | low; }

std::uint64_t pair_in(const unsigned char* record, std::uint32_t pair) {
  std::array<std::uint32_t, 2> words;
  std::memcpy(words.data(), record + std::size_t{8} * pair, sizeof words);
  return paired(words[0], words[1]);
}

std::uint64_t key_in(const void* record) {
  std::uint64_t key = 0;
  std::memcpy(&key, record, sizeof key);
  return std::endian::native == std::endian::little ? key : key << 32 | key >> 32;
}

// May be behind the last record: then it fetches what nobody asks for.
void fetch(const void* records, std::size_t i) {
  const auto address = reinterpret_cast<std::uintptr_t>(records) + i * seccomp::data_bytes;
  __builtin_prefetch(reinterpret_cast<const void*>(address));
}

// Where records come from: number and arch, and words 2p and 2p + 1 of record i, when it has
// this machine's byte order.
struct WordRecords {
  std::span<const Words> records;
  static constexpr bool own_order = true;  // whatever the arch
  void fetch_key(std::size_t i) const { fetch(records.data(), i); }
  std::uint64_t key(std::size_t i) const { return key_in(&records[i]); }
  std::uint64_t pair(std::size_t i, std::uint32_t pair) const {
    return pair_in(reinterpret_cast<const unsigned char*>(records[i].data()), pair);
  }
  Words words(std::size_t i) const { return records[i]; }
};

struct DataRecords {
  std::span<const SeccompData> records;
  static constexpr bool own_order = false;
  void fetch_key(std::size_t i) const { fetch(records.data(), i); }
  std::uint64_t key(std::size_t i) const { return key_in(&records[i]); }
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
  void fetch_key(std::size_t) const {}
  std::uint64_t key(std::size_t i) const { return paired(columns.nr[i], columns.arch[i]); }
  std::uint64_t pair(std::size_t i, std::uint32_t pair) const {
    if (pair == 0) return key(i);
    const std::uint64_t field = pairs[pair] == nullptr ? 0 : pairs[pair][i];
    return std::endian::native == std::endian::little ? field : field << 32 | field >> 32;
  }
  Words words(std::size_t i) const { return engine::Interpreter::words_of(columns.record(i)); }
};

// For each set of a group's records, a bit each, the first one's highest: their places in the
// group, a byte each in the order of memory, and how many they are.
struct PlacesOfBits {
  std::array<std::uint64_t, 1U << group> places{};
  std::array<std::uint8_t, 1U << group> count{};

  constexpr PlacesOfBits() {
    for (std::size_t bits = 0; bits < places.size(); ++bits)
      for (unsigned place = 0; place < group; ++place) {
        if ((bits >> (group - 1 - place) & 1) == 0) continue;
        const unsigned nth = count[bits]++;
        const unsigned byte = std::endian::native == std::endian::little ? nth : 7 - nth;
        places[bits] |= std::uint64_t{place} << 8 * byte;
      }
  }
};
constexpr PlacesOfBits places_of_bits;

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
  std::size_t bytes =
      sizeof *this + slot_keys_.size() * (sizeof(std::uint64_t) + 2 * sizeof(std::uint32_t)) +
      nodes_.size() * sizeof(Node) + sets_.size() * sizeof(Set) + members_.size() * sizeof(Member) +
      values_.size() * sizeof(std::uint32_t) + arches_.size() * sizeof(ArchRange);
  for (const auto& ranges : scopes_) bytes += ranges.size() * sizeof(Range);
  return bytes;
}

CompiledFilter::Found CompiledFilter::find(std::uint64_t key) const {
  const auto before = [](const auto& range, std::uint32_t value) { return range.last < value; };
  const auto arch = static_cast<std::uint32_t>(key >> 32);
  const auto nr = static_cast<std::uint32_t>(key);
  const auto at = std::lower_bound(arches_.begin(), arches_.end(), arch, before);
  const std::vector<Range>& ranges = scopes_[at->scope];
  const auto range = std::lower_bound(ranges.begin(), ranges.end(), nr, before);
  return {range->value, range->rest};
}

std::uint32_t CompiledFilter::run_further(std::uint64_t key, const Words& words) const {
  const Found found = look_up(key);
  return found.rest == 0 ? found.value : decide(found.rest, words);
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

// The records of a block of which something is left once they are looked up.
struct CompiledFilter::Unfinished {
  std::array<std::uint8_t, block + group> places;
  std::size_t size = 0;

  void add(std::size_t place) { places[size++] = static_cast<std::uint8_t>(place); }
  // Of the group whose first record is at `first`; all at once, since a jump by how many they
  // are would be guessed wrong often.
  void add_group(std::uint64_t bits, std::size_t first) {
    const std::uint64_t some = places_of_bits.places[bits] + first * 0x0101010101010101;
    std::memcpy(&places[size], &some, sizeof some);
    size += places_of_bits.count[bits];
  }
};

// Records that are not decided yet: where they stand, and above that where they go on. Adding
// one that is not meant writes behind the end and counts nothing.
struct CompiledFilter::Pending {
  std::array<std::uint64_t, block + 1> entries;
  std::size_t size = 0;

  void add_if(bool wanted, std::uint64_t place, std::uint32_t rest) {
    entries[size] = place << 32 | rest;
    size += static_cast<std::size_t>(wanted);
  }
};

template <class Records>
void CompiledFilter::look_up_one(const Records& records, std::size_t first, std::size_t i,
                                 std::uint32_t* values, Unfinished& unfinished) const {
  const std::uint64_t key = records.key(first + i);
  const Found found = look_up(key);
  values[i] = found.value;
  const bool as_it_stands =
      Records::own_order ||
      seccomp::byte_order(static_cast<std::uint32_t>(key >> 32)) == std::endian::native;
  if (found.rest == 0) return;
  if (as_it_stands)
    unfinished.add(i);
  else
    values[i] = decide(found.rest, records.words(first + i));
}

template <class Records>
void CompiledFilter::look_up_block(const Records& records, std::size_t first, std::size_t count,
                                   std::uint32_t* values, Unfinished& unfinished) const {
  const std::uint64_t* const keys = slot_keys_.data();
  const std::uint32_t* const known = slot_values_.data();
  // Copies, which no store of a value can change, for all that a compiler knows.
  const std::uint64_t factor = factor_;
  const Records from = records;
  std::size_t i = 0;
  for (; i + group <= count; i += group) {
    std::uint64_t differences = 0;
    std::uint64_t left = 0;  // a bit each, the last record's lowest, when no difference is more
#pragma GCC unroll 8
    for (std::size_t j = i; j < i + group; ++j) {
      from.fetch_key(first + j + ahead);
      const std::uint64_t key = from.key(first + j);
      const std::size_t slot = key * factor >> (64 - slot_bits);
      const std::uint64_t difference = keys[slot] ^ key;
      values[j] = known[slot];
      left = 2 * left + difference;
      differences |= difference;
    }
    if (differences > rest_mark) [[unlikely]] {
      for (std::size_t j = i; j < i + group; ++j)
        look_up_one(records, first, j, values, unfinished);
      continue;
    }
    unfinished.add_group(left, i);
  }
  for (; i < count; ++i) look_up_one(records, first, i, values, unfinished);
}

template <class Records>
void CompiledFilter::finish(const Records& records, std::size_t first, std::uint32_t* values,
                            const Unfinished& unfinished) const {
  const auto places = std::span(unfinished.places).first(unfinished.size);
  const auto rest_of = [&](std::size_t place) { return look_up(records.key(first + place)).rest; };
  if (!residues_.empty()) {
    for (const std::uint8_t place : places)
      values[place] = decide(rest_of(place), records.words(first + place));
    return;
  }
  Pending pending;
  for (const std::uint8_t place : places) pending.add_if(true, place, rest_of(place));
  walk(records, first, values, pending);
}

template <class Records>
void CompiledFilter::walk(const Records& records, std::size_t first, std::uint32_t* values,
                          Pending& pending) const {
  const std::uint32_t* const known = values_.data();
  // Those of `from` make a step; who has not arrived is pending again.
  const auto step = [&](const Pending& from, const auto& table) {
    const std::size_t size = from.size;
    for (std::size_t j = 0; j < size; ++j) {
      const std::uint64_t entry = from.entries[j];
      const std::size_t place = entry >> 32;
      const auto& at = table[static_cast<std::uint32_t>(entry) & ~set_mark];
      const std::uint32_t target = target_of(at, records.pair(first + place, at.pair));
      const bool arrived = (target & Target::value_mark) != 0;
      values[place] = known[arrived ? target & ~Target::value_mark : 0];
      pending.add_if(!arrived, place, target);
    }
  };
  Pending at_set;
  Pending at_node;
  while (pending.size > 0) {
    at_set.size = at_node.size = 0;
    for (const std::uint64_t entry : std::span(pending.entries).first(pending.size)) {
      const auto rest = static_cast<std::uint32_t>(entry);
      at_set.add_if((rest & set_mark) != 0, entry >> 32, rest);
      at_node.add_if((rest & set_mark) == 0, entry >> 32, rest);
    }
    pending.size = 0;
    step(at_set, sets_.data());
    step(at_node, nodes_.data());
  }
}

template <class Records>
void CompiledFilter::run_range(const Records& records, std::size_t from, std::size_t to,
                               std::uint32_t* values) const {
  for (std::size_t at = from; at < to; at += block) {
    const std::size_t count = std::min(block, to - at);
    Unfinished unfinished;
    look_up_block(records, at, count, values + at, unfinished);
    if (unfinished.size > 0) finish(records, at, values + at, unfinished);
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
