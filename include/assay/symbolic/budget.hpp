// How much a proof may cost, and what is said when that was not enough.
//
// A question over all inputs has three answers: yes, no, and NotDecided, which says where the
// budget went. Nothing is ever guessed.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace assay::symbolic {

// What a node weighs with its share of every table; other memory that grows with a proof is
// counted in nodes of this weight.
inline constexpr std::size_t node_bytes = 24;

struct Budget {
  std::size_t nodes = std::size_t{1} << 21;  // of one manager: 48 MiB; more than 2^30 are 2^30
  std::chrono::milliseconds time{10'000};    // from the making of the manager
};

enum class Limit : std::uint8_t { None, Nodes, Time };

// The operations of a manager, each with its counters.
enum class Work : std::uint8_t { And, Xor, Choice, Split, Merge, Values, Combine };
inline constexpr std::array<std::string_view, 7> work_names{"and",   "xor",    "choice", "split",
                                                            "merge", "values", "combine"};

struct Counters {
  std::size_t nodes = 0;                      // made
  std::array<std::uint64_t, 7> calls{};       // of each Work that were not trivial
  std::array<std::uint64_t, 7> remembered{};  // of these, answered from the computed table
  friend bool operator==(const Counters&, const Counters&) = default;
};

struct NotDecided {
  Limit limit = Limit::None;
  Counters counters;
};

}  // namespace assay::symbolic
