#include "assay/report/flow_graph.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "assay/engine/interpreter.hpp"
#include "assay/sample/program.hpp"
#include "assay/sample/record.hpp"
#include "assay/text/assembly.hpp"
#include "assay/verify/accept.hpp"
#include "corpus.hpp"

namespace assay::report {
namespace {

using Kind = FlowNode::Kind;
using verify::Program;

constexpr std::uint32_t last = 0xffffffff;

Program program(std::string_view text) {
  return verify::accept(text::assemble(text).value()).value();
}

bool contains(const std::vector<ValueRange>& values, std::uint32_t value) {
  return std::any_of(values.begin(), values.end(), [&](const ValueRange& range) {
    return range.first <= value && value <= range.last;
  });
}

TEST(FlowGraph, AChainOfComparisonsIsOneSwitch) {
  const FlowGraph graph = flow_graph_of(
      program("ld [nr]\njeq #1, yes\njeq #7, yes\njeq #2, no\nyes: ret #ALLOW\nno: ret #LOG\n"));
  ASSERT_EQ(graph.nodes.size(), 1U);
  const FlowNode& node = graph.nodes[0];
  EXPECT_EQ(node.kind, Kind::Switch);
  EXPECT_EQ(node.word, 0U);
  EXPECT_EQ(node.insns, (std::vector<std::size_t>{0, 1, 2, 3}));
  ASSERT_EQ(node.ways.size(), 2U);
  EXPECT_EQ(node.ways[0].values, (std::vector<ValueRange>{{2, 2}}));
  EXPECT_EQ(node.ways[0].returns, std::vector<std::size_t>{5});
  EXPECT_TRUE(node.ways[1].otherwise);
  EXPECT_EQ(node.ways[1].values, (std::vector<ValueRange>{{0, 1}, {3, last}}));
}

TEST(FlowGraph, ATreeOfComparisonsIsOneSwitch) {
  const FlowGraph graph = flow_graph_of(
      program("ld [nr]\njge #10, high\njgt #4, no\njeq #3, no, yes\nhigh: jge #20, no, yes\n"
              "yes: ret #ALLOW\nno: ret #ERRNO(1)\n"));
  ASSERT_EQ(graph.nodes.size(), 1U);
  ASSERT_EQ(graph.nodes[0].ways.size(), 2U);
  EXPECT_EQ(graph.nodes[0].ways[0].values, (std::vector<ValueRange>{{0, 2}, {4, 4}, {10, 19}}));
  EXPECT_EQ(graph.nodes[0].ways[1].values, (std::vector<ValueRange>{{3, 3}, {5, 9}, {20, last}}));
}

TEST(FlowGraph, AChainThatLoadsItsFieldAnewIsOneSwitch) {
  const FlowGraph graph = flow_graph_of(
      program("ld [nr]\njeq #1, yes\nld [nr]\njeq #2, yes\nld [nr]\njeq #3, yes\nret #LOG\n"
              "yes: ret #ALLOW\n"));
  ASSERT_EQ(graph.nodes.size(), 1U);
  EXPECT_EQ(graph.nodes[0].ways[0].values, (std::vector<ValueRange>{{1, 3}}));
}

TEST(FlowGraph, AnotherFieldIsAnotherNode) {
  const FlowGraph graph = flow_graph_of(
      program("ld [arch]\njeq #5, +0, no\nld [nr]\njeq #1, yes\nno: ret #LOG\nyes: ret #ALLOW\n"));
  ASSERT_EQ(graph.nodes.size(), 2U);
  EXPECT_EQ(graph.nodes[0].word, 1U);
  EXPECT_EQ(graph.nodes[1].word, 0U);
  EXPECT_EQ(graph.nodes[0].ways[0].node, 1U);
  EXPECT_EQ(graph.nodes[1].before, 2U);
}

TEST(FlowGraph, BitsOfAFieldAreAFieldOfTheirOwn) {
  const FlowGraph graph = flow_graph_of(program(
      "ld [args[1].lo]\nand #0xf0\njeq #0x10, yes\njeq #0x20, yes\nret #LOG\nyes: ret #ALLOW\n"));
  ASSERT_EQ(graph.nodes.size(), 1U);
  EXPECT_EQ(graph.nodes[0].word, 6U);
  EXPECT_EQ(graph.nodes[0].mask, 0xf0U);
}

TEST(FlowGraph, AFieldIsKnownThroughXAndScratchMemory) {
  const FlowGraph graph = flow_graph_of(
      program("ld [nr]\nst M[3]\ntax\nld #0\ntxa\njeq #1, yes\nld M[3]\njeq #2, yes\nret #LOG\n"
              "yes: ret #ALLOW\n"));
  ASSERT_EQ(graph.nodes.size(), 1U);
  EXPECT_EQ(graph.nodes[0].ways[0].values, (std::vector<ValueRange>{{1, 2}}));
}

TEST(FlowGraph, AComparisonThatIsEnteredFromElsewhereIsANodeOfItsOwn) {
  const FlowGraph graph = flow_graph_of(
      program("ld [nr]\njeq #1, other\nshared: jeq #2, yes, no\nother: ld [args[0].lo]\n"
              "jeq #9, yes\nld [nr]\njeq #2, yes, no\nyes: ret #ALLOW\nno: ret #LOG\n"));
  EXPECT_EQ(graph.nodes.size(), 3U);
  const FlowGraph merged = flow_graph_of(
      program("ld [nr]\njset #1, +0, +1\nld [arch]\njeq #2, yes\nret #LOG\nyes: ret #ALLOW\n"));
  ASSERT_EQ(merged.nodes.size(), 2U);
  EXPECT_EQ(merged.nodes[1].kind, Kind::Test) << "A is nr or arch";
  EXPECT_EQ(merged.nodes[1].word, FlowNode::no_word);
}

TEST(FlowGraph, ATestOfBitsHasTwoWaysAndKnowsItsField) {
  const FlowGraph graph =
      flow_graph_of(program("ld [nr]\njset #4, +0, +1\nret #LOG\nret #ALLOW\n"));
  ASSERT_EQ(graph.nodes.size(), 1U);
  EXPECT_EQ(graph.nodes[0].kind, Kind::Test);
  EXPECT_EQ(graph.nodes[0].word, 0U);
  ASSERT_EQ(graph.nodes[0].ways.size(), 2U);
  EXPECT_TRUE(graph.nodes[0].ways[0].taken);
  EXPECT_EQ(graph.nodes[0].ways[0].returns, std::vector<std::size_t>{2});
}

TEST(FlowGraph, ReturnsOfOneValueAreOneWay) {
  const FlowGraph graph = flow_graph_of(
      program("ld [nr]\njeq #1, +0, +1\nret #LOG\njeq #2, +0, +1\nret #LOG\nret #ALLOW\n"));
  ASSERT_EQ(graph.nodes.size(), 1U);
  EXPECT_EQ(graph.nodes[0].ways[0].returns, (std::vector<std::size_t>{2, 4}));
}

TEST(FlowGraph, OfWhatDecidesNothingSaysWhereItReturns) {
  EXPECT_TRUE(flow_graph_of(program("ret #ALLOW\n")).nodes.empty());
  const FlowGraph jump = flow_graph_of(program("ja end\nret #LOG\nend: ret #ALLOW\n"));
  EXPECT_TRUE(jump.nodes.empty());
  EXPECT_EQ(jump.returns_at, 2U);
}

TEST(FlowGraph, OfManyComparisonsIsStillOneSwitch) {
  std::string text = "ld [nr]\n";
  for (int i = 0; i < 4000; ++i) text += "jeq #" + std::to_string(2 * i) + ", +0, +0\n";
  const FlowGraph graph = flow_graph_of(program(text + "ret #ALLOW\n"));
  EXPECT_EQ(graph.nodes.size(), 1U);
}

// Follows a run of the interpreter through the graph.
class Walk : public engine::Observer {
 public:
  Walk(const Program& walked, const FlowGraph& graph, const seccomp::Words& words)
      : program_(walked), graph_(graph), words_(words) {}

  void on_instruction(const engine::State& state) override {
    const std::size_t node = graph_.node_of[state.pc];
    last_ = state.pc;
    if (node != FlowGraph::no_node && (nodes_.empty() || nodes_.back() != node)) {
      const bool entered = state.pc == graph_.nodes[node].insns.front();
      EXPECT_TRUE(!entered || executed_ <= graph_.nodes[node].before);
      nodes_.push_back(node);
    }
    ++executed_;
  }

  // Whether each step is a way that the graph has, for the values of this input.
  void check() const {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const FlowNode& node = graph_.nodes[nodes_[i]];
      const bool at_end = i + 1 == nodes_.size();
      const auto taken = std::find_if(node.ways.begin(), node.ways.end(), [&](const Way& way) {
        if (!at_end) return way.node == nodes_[i + 1];
        return std::find(way.returns.begin(), way.returns.end(), last_) != way.returns.end();
      });
      if (at_end && program_.opcode(last_).operation == bpf::Operation::Div) return;
      ASSERT_NE(taken, node.ways.end());
      if (node.kind == Kind::Switch) {
        EXPECT_TRUE(contains(taken->values, words_[node.word] & node.mask));
      }
    }
    if (nodes_.empty()) {
      EXPECT_EQ(last_, graph_.returns_at);
    }
  }

 private:
  const Program& program_;
  const FlowGraph& graph_;
  const seccomp::Words& words_;
  std::vector<std::size_t> nodes_;
  std::size_t executed_ = 0;
  std::size_t last_ = 0;
};

// The ways of a switch are for all values, each for some of them alone.
void expect_partition(const FlowNode& node) {
  std::vector<ValueRange> all;
  for (const Way& way : node.ways) all.insert(all.end(), way.values.begin(), way.values.end());
  std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.first < b.first; });
  std::uint64_t next = 0;
  for (const ValueRange& range : all) {
    ASSERT_EQ(range.first, next);
    next = std::uint64_t{range.last} + 1;
  }
  EXPECT_EQ(next, std::uint64_t{1} << 32);
}

void expect_faithful(const Program& drawn, sample::Random& random, std::size_t records) {
  const FlowGraph graph = flow_graph_of(drawn);
  for (const FlowNode& node : graph.nodes)
    if (node.kind == Kind::Switch) expect_partition(node);
  const engine::Interpreter interpreter(drawn);
  for (const auto& record : sample::records(random, drawn.instructions(), records)) {
    const seccomp::Words words = engine::Interpreter::words_of(record);
    Walk walk(drawn, graph, words);
    interpreter.observe(words, walk);
    walk.check();
  }
}

TEST(FlowGraph, EveryRunOfTheInterpreterIsAWalkThroughTheGraph) {
  constexpr std::uint64_t seed = 20240611;
  for (std::uint64_t index = 0; index < 3000 && !testing::Test::HasFailure(); ++index) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", index " + std::to_string(index));
    sample::Random random(seed, index);
    expect_faithful(sample::accepted_program(random, index % 3 == 0 ? 200 : 24), random, 16);
  }
}

TEST(Corpus, FlowGraphsAreFaithfulAndSmall) {
  const auto filters = test::corpus_filters(ASSAY_CORPUS);
  if (filters.empty()) GTEST_SKIP() << "no corpus";
  std::uint64_t index = 0;
  for (const auto& filter : filters) {
    SCOPED_TRACE(filter.file);
    sample::Random random(7, index++);
    expect_faithful(filter.program, random, 40);
    EXPECT_LE(flow_graph_of(filter.program).nodes.size(), 400U);
  }
}

}  // namespace
}  // namespace assay::report
