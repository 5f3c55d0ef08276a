// A program as a picture shows it: few decisions instead of many jumps.
//
//   const FlowGraph graph = flow_graph_of(program);
//
// A chain or tree of comparisons of one field with constants is one Switch, each of whose ways
// is taken for a set of values. A way ends at another node or at a return; jumps without a
// condition are not shown. By the structure alone: what no input takes is drawn all the same.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "assay/symbolic/condition.hpp"
#include "assay/verify/program.hpp"

namespace assay::report {

using ValueRange = symbolic::Condition::Range;

struct Way {
  std::vector<ValueRange> values{};  // Switch: rising, of the field
  bool otherwise = false;            // Switch: the way of most values
  bool taken = false;                // Test: the way on which the condition holds
  // One of the two: the node it leads to, or the returns of one value that it ends at.
  std::optional<std::size_t> node{};
  std::vector<std::size_t> returns{};
  friend bool operator==(const Way&, const Way&) = default;
};

struct FlowNode {
  enum class Kind : std::uint8_t {
    Switch,  // on a field
    Test,    // of anything else; two ways
    Step,    // no decision; one way
  };
  Kind kind{};
  std::vector<std::size_t> insns;  // rising; the first is where it is entered
  std::size_t decides = 0;         // its first jump, or its last instruction
  // What A holds where it decides, as a word of seccomp_data and the bits of it that count.
  // A Switch has one.
  static constexpr std::size_t no_word = std::numeric_limits<std::size_t>::max();
  std::size_t word = no_word;
  std::uint32_t mask = std::numeric_limits<std::uint32_t>::max();
  std::vector<Way> ways;   // Switch: by lowest value, `otherwise` last
  std::size_t before = 0;  // instructions executed before it at most
  friend bool operator==(const FlowNode&, const FlowNode&) = default;
};

struct FlowGraph {
  std::vector<FlowNode> nodes;  // by their first instruction; none for one that decides nothing
  std::size_t returns_at = 0;   // and that returns here
  std::vector<std::size_t> node_of;  // of each instruction; no_node for returns and jumps
  static constexpr std::size_t no_node = std::numeric_limits<std::size_t>::max();
};

FlowGraph flow_graph_of(const verify::Program& program);

}  // namespace assay::report
