// Who is asked when the diagrams have used up their budget: slower, and for yes or no only.
//
// Every question asks for an input on which something happens. The answer is such an input,
// or that there is none, or why the search was given up; never a guess. A Decider is made by
// a DeciderFactory when it is needed and not before; one thread uses it at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <tl/expected.hpp>
#include <vector>

#include "assay/symbolic/condition.hpp"
#include "assay/symbolic/order.hpp"
#include "assay/symbolic/verdict_function.hpp"

namespace assay::symbolic {

// A set of inputs as plain data, free of any manager: walk from `root`, at each node to `low`
// or `high` as the bit says, until 0 (not in the set) or 1; i + 2 stands for nodes[i].
struct InputSet {
  struct Node {
    InputBit bit;
    std::uint32_t low;
    std::uint32_t high;
  };
  std::vector<Node> nodes;  // each after its children
  std::uint32_t root = 1;   // every input

  // Nothing for a condition that is too large to be asked about (2^18 nodes).
  static std::optional<InputSet> of(const Condition& condition);
  bool contains(const seccomp::Words& words) const;
};

// Verdicts by value, both ends included. All data of one action: first to first | 0xffff.
struct VerdictRange {
  std::uint32_t first;
  std::uint32_t last;
  friend bool operator==(const VerdictRange&, const VerdictRange&) = default;
};

// An instruction, or the edge from it to the one executed next.
struct Place {
  std::size_t pc;
  std::optional<std::size_t> next;
  friend bool operator==(const Place&, const Place&) = default;
};

enum class GaveUp : std::uint8_t {
  Time,
  Memory,
  Unconfirmed,  // the interpreter did not confirm the input that was found
  Failed,       // the solver itself
};

using Found = tl::expected<std::optional<seccomp::Words>, GaveUp>;

// Stacks are given oldest first; what is equal, and what a verdict is, Precision says.
class Decider {
 public:
  using Stack = std::span<const verify::Program>;

  virtual ~Decider() = default;

  // An input on which the two stacks answer differently.
  virtual Found difference(Stack a, Stack b, const seccomp::Semantics& semantics,
                           Precision precision) = 0;
  // One of the set for which the verdict lies in one of the ranges.
  virtual Found verdict(const InputSet& given, Stack stack, std::span<const VerdictRange> wanted,
                        const seccomp::Semantics& semantics, Precision precision) = 0;
  // For each place, one that passes it. They share the limits.
  virtual std::vector<Found> passing(const verify::Program& program, std::span<const Place> places,
                                     const seccomp::Semantics& semantics) = 0;
};

using DeciderFactory = std::function<std::unique_ptr<Decider>()>;

}  // namespace assay::symbolic
