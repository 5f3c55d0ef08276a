#include "assay/symbolic/covering.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "assay/bpf/codec.hpp"
#include "assay/engine/interpreter.hpp"
#include "assay/smt/solver.hpp"
#include "assay/symbolic/analysis.hpp"
#include "assay/verify/accept.hpp"
#include "data_cases.hpp"

namespace assay::symbolic {
namespace {

using verify::Program;

// What the inputs pass, counted again.
class Passed final : public engine::Observer {
 public:
  void on_instruction(const engine::State& state) override {
    insns.insert(state.pc);
    if (before_) edges.insert({*before_, state.pc});
    before_ = state.pc;
  }
  void start() { before_.reset(); }

  std::set<std::size_t> insns;
  std::set<std::pair<std::size_t, std::size_t>> edges;

 private:
  std::optional<std::size_t> before_;
};

Passed passed(const Program& program, const Covering& covering) {
  Passed result;
  const engine::Interpreter interpreter(program);
  for (const seccomp::Words& words : covering.inputs) {
    result.start();
    interpreter.observe(words, result);
  }
  return result;
}

Covering covered(const Program& program, const std::vector<Place>& places,
                 const Budget& budget = {}) {
  return cover(program, places, {}, budget, smt::solver());
}

void expect_all_edges(const Program& program) {
  Manager manager(Order::for_programs(std::span(&program, 1)));
  const Analysis analysis = Analysis::of(manager, program).value();
  const Covering covering = covered(program, edges_of(program));
  const Passed run = passed(program, covering);
  std::vector<Place> infeasible;
  std::size_t feasible = 0;
  for (const Analysis::Edge& edge : analysis.edges()) {
    EXPECT_EQ(analysis.feasible(edge), run.edges.count({edge.from, edge.to}) > 0)
        << edge.from << " to " << edge.to;
    if (analysis.feasible(edge)) ++feasible;
    if (!analysis.feasible(edge)) infeasible.push_back({edge.from, edge.to});
  }
  EXPECT_EQ(covering.infeasible, infeasible);
  EXPECT_EQ(covering.reached, feasible);
  EXPECT_TRUE(covering.open.empty());
  EXPECT_LE(covering.inputs.size(), std::max<std::size_t>(feasible, 1));
}

TEST(Covering, PassesEveryFeasibleEdge) {
  for (const char* const folder : {"symbolic/findings", "verify/findings"})
    for (const test::Case& row : test::cases(folder)) {
      SCOPED_TRACE(row);
      expect_all_edges(verify::accept(test::assembled(row)).value());
    }
}

TEST(Covering, PassesEveryInstructionThatIsReached) {
  for (const test::Case& row : test::cases("symbolic/findings")) {
    SCOPED_TRACE(row);
    const Program program = verify::accept(test::assembled(row)).value();
    const Covering covering = covered(program, instructions_of(program));
    EXPECT_EQ(passed(program, covering).insns.size(), covering.reached);
    EXPECT_EQ(covering.reached + covering.infeasible.size(), program.size());
  }
}

TEST(Covering, AsksTheDeciderWhenDiagramsGiveUp) {
  const Budget little{10, std::chrono::seconds(10)};
  for (const test::Case& row : test::cases("symbolic/findings")) {
    SCOPED_TRACE(row);
    const Program program = verify::accept(test::assembled(row)).value();
    const auto places = edges_of(program);
    const Covering all = covered(program, places);
    const Covering asked = covered(program, places, little);
    EXPECT_EQ(asked.infeasible, all.infeasible);
    EXPECT_EQ(asked.reached, all.reached);
    const Covering alone = cover(program, places, {}, little, nullptr);
    EXPECT_EQ(alone.open.size(), places.size());
    EXPECT_EQ(alone.reached, 0U);
    ASSERT_TRUE(alone.why);
    EXPECT_EQ(alone.why->diagrams.limit, Limit::Nodes);
  }
}

TEST(CoveringOfCorpus, PassesEveryFeasibleEdge) {
  const std::filesystem::path folder = ASSAY_CORPUS;
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no corpus at " << folder;
  std::size_t filters = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".bpf" || ++filters % 10 != 0) continue;
    SCOPED_TRACE(entry.path());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const auto decoded = bpf::decode(std::as_bytes(std::span(bytes)), bpf::Format::Raw);
    ASSERT_TRUE(decoded);
    expect_all_edges(verify::accept(*decoded).value());
  }
  EXPECT_GT(filters, 100U);
}

}  // namespace
}  // namespace assay::symbolic
