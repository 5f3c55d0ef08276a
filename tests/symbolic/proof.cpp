#include "symbolic/proof.hpp"

#include <gtest/gtest.h>

#include <set>

#include "assay/bpf/disassemble.hpp"
#include "assay/engine/filter_stack.hpp"
#include "assay/engine/interpreter.hpp"
#include "assay/symbolic/analysis.hpp"

namespace assay::symbolic::test {

using bpf::Operand;
using bpf::Operation;
using seccomp::Verdict;
using seccomp::Words;
using verify::Program;

namespace {

// Past so many verdicts the others are not looked at one by one.
constexpr std::size_t most_verdicts = 24;

std::string text(const Program& program) { return "\n" + bpf::disassemble(program.instructions()); }

std::string text(const Words& words) {
  std::ostringstream out;
  out << std::hex << "input";
  for (const std::uint32_t word : words) out << " " << word;
  return out.str();
}

struct Path : engine::Observer {
  void on_instruction(const engine::State& state) override { pcs.push_back(state.pc); }
  std::vector<std::size_t> pcs;
};

Path path_of(const engine::Interpreter& interpreter, const Words& words) {
  Path path;
  interpreter.observe(words, path);
  return path;
}

// What registers hold on one path: a constant, one word or several, as Provenance has it.
struct Origins {
  static constexpr int constant = -1;
  static constexpr int mixed = -2;
  int a = constant;
  int x = constant;
  std::array<int, bpf::scratch_words> m = filled();

  static constexpr std::array<int, bpf::scratch_words> filled() {
    std::array<int, bpf::scratch_words> all{};
    all.fill(constant);
    return all;
  }
  static int joined(int p, int q) {
    if (p == constant || p == q) return q;
    return q == constant ? p : mixed;
  }

  void step(const bpf::Instruction& insn, const bpf::Opcode& opcode) {
    const int loaded = opcode.operand == Operand::Word      ? static_cast<int>(insn.k / 4)
                       : opcode.operand == Operand::Scratch ? m[insn.k % m.size()]
                                                            : constant;
    switch (opcode.operation) {
      case Operation::Ld: a = loaded; break;
      case Operation::Ldx: x = loaded; break;
      case Operation::St: m[insn.k] = a; break;
      case Operation::Stx: m[insn.k] = x; break;
      case Operation::Tax: x = a; break;
      case Operation::Txa: a = x; break;
      default:
        if (bpf::is_arithmetic(opcode.operation))
          a = joined(a, opcode.operand == Operand::X ? x : constant);
    }
  }
};

bool names(const Provenance& provenance, int origin) {
  if (origin == Origins::constant) return provenance.constant;
  if (origin == Origins::mixed) return provenance.mixed;
  const auto& words = provenance.words;
  return std::find(words.begin(), words.end(), static_cast<std::size_t>(origin)) != words.end();
}

// The analysis of one program beside the paths that inputs take.
class Paths {
 public:
  Paths(Tally& tally, const Program& program, const Analysis& analysis,
        const engine::Interpreter& interpreter)
      : tally_(tally), program_(program), analysis_(analysis), interpreter_(interpreter) {
    for (std::size_t pc = 0; pc < program.size(); ++pc) ends_.push_back(analysis.ends_at(pc));
    for (const Analysis::Edge& edge : analysis.edges())
      if (analysis.feasible(edge)) feasible_.insert({edge.from, edge.to});
  }

  void expect_partition(Manager& manager) const {
    Condition all = Condition::never(manager);
    Count sum;
    for (const Condition& end : ends_) {
      ASSERT_FALSE(all.meets(end)) << text(program_);
      all = all | end;
      sum = sum + end.count();
    }
    ASSERT_TRUE(all.is_always()) << text(program_);
    ASSERT_EQ(sum, Count::power_of_two(input_bits)) << text(program_);
  }

  // Every edge and instruction that is called feasible is shown to be so.
  void expect_witnesses() const {
    for (const Analysis::Edge& edge : analysis_.edges()) {
      const auto witness = analysis_.witness(edge);
      const bool feasible = feasible_.contains({edge.from, edge.to});
      ++(feasible ? tally_.feasible : tally_.infeasible);
      ASSERT_EQ(witness.has_value(), feasible) << edge.from << text(program_);
      if (!witness) continue;
      const auto pcs = path_of(interpreter_, *witness).pcs;
      const auto at = std::find(pcs.begin(), pcs.end(), edge.from);
      ASSERT_TRUE(at != pcs.end() && at + 1 != pcs.end() && *(at + 1) == edge.to)
          << edge.from << " to " << edge.to << ", " << text(*witness) << text(program_);
    }
    for (std::size_t pc = 0; pc < program_.size(); ++pc) {
      const auto witness = analysis_.witness(pc);
      ASSERT_EQ(witness.has_value(), analysis_.reachable(pc)) << pc << text(program_);
      if (!witness) continue;
      const auto pcs = path_of(interpreter_, *witness).pcs;
      ASSERT_NE(std::find(pcs.begin(), pcs.end(), pc), pcs.end())
          << pc << ", " << text(*witness) << text(program_);
    }
  }

  // Nothing happens that was said to be impossible.
  void expect_foreseen(const Words& words) const {
    const auto pcs = path_of(interpreter_, words).pcs;
    Origins origins;
    for (std::size_t i = 0; i < pcs.size(); ++i) {
      const std::size_t pc = pcs[i];
      const auto where = [&] { return std::to_string(pc) + ", " + text(words) + text(program_); };
      ASSERT_TRUE(analysis_.reachable(pc)) << where();
      const bpf::Opcode& opcode = program_.opcode(pc);
      const bool compares = bpf::is_branch(opcode.operation);
      if (compares) {
        ASSERT_TRUE(names(analysis_.a_at(pc), origins.a)) << where();
      }
      if (compares && opcode.operand == Operand::X) {
        ASSERT_TRUE(names(analysis_.x_at(pc), origins.x)) << where();
      }
      if (i + 1 < pcs.size()) {
        ASSERT_TRUE(feasible_.contains({pc, pcs[i + 1]})) << where();
      } else {
        ASSERT_TRUE(ends_[pc].holds(words)) << where();
      }
      origins.step(program_[pc], opcode);
    }
  }

 private:
  Tally& tally_;
  const Program& program_;
  const Analysis& analysis_;
  const engine::Interpreter& interpreter_;
  std::vector<Condition> ends_;
  std::set<std::pair<std::size_t, std::size_t>> feasible_;
};

// The inputs given, those that show each verdict, neighbours of both, and others.
std::vector<Words> inputs_for(sample::Random& random, std::span<const Words> given,
                              const VerdictFunction& function) {
  std::vector<Words> inputs(given.begin(), given.end());
  const auto verdicts = function.verdicts();
  for (std::size_t i = 0; i < verdicts.size() && i < most_verdicts; ++i)
    inputs.push_back(*function.where(verdicts[i]).witness());
  const std::size_t shown = inputs.size();
  for (std::size_t i = 0; i < shown; ++i) inputs.push_back(neighbour(random, inputs[i]));
  for (int i = 0; i < 4; ++i) {
    inputs.emplace_back();
    for (std::uint32_t& word : inputs.back()) word = random.bits();
  }
  return inputs;
}

// Each verdict that is called possible is given for its witness.
template <class Run>
void expect_shown(Tally& tally, const VerdictFunction& function, Run run) {
  Count sum;
  const auto verdicts = function.verdicts();
  if (verdicts.size() > most_verdicts) return;
  for (const Verdict verdict : verdicts) {
    const Condition where = function.where(verdict);
    const auto witness = where.witness();
    ASSERT_TRUE(witness);
    ASSERT_EQ(run(*witness), verdict);
    sum = sum + where.count();
    ++tally.verdicts;
  }
  ASSERT_EQ(sum, Count::power_of_two(input_bits));
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Tally& tally) {
  return out << tally.programs << " programs, " << tally.not_decided << " of them not decided, "
             << tally.not_exact << " not in all bits; " << tally.pairs << " pairs with an input; "
             << tally.feasible << " edges feasible, " << tally.infeasible << " not; "
             << tally.verdicts << " verdicts shown\n";
}

Words neighbour(sample::Random& random, const Words& of) {
  Words words = of;
  std::uint32_t& word = words[random.below(seccomp::data_words)];
  switch (random.below(4)) {
    case 0: ++word; break;
    case 1: --word; break;
    case 2: word ^= 1U << random.below(32); break;
    default: word = random.pick(of); break;
  }
  return words;
}

namespace {

// The same in all 32 bits; nothing when RET A has too many values.
std::optional<VerdictFunction> exactly(Manager& manager, const Program& program,
                                       const seccomp::Semantics& semantics) {
  const auto exact = VerdictFunction::of(manager, program, semantics, Precision::Exact);
  const auto analysis = Analysis::of(manager, program, semantics);
  if (!exact || !analysis) return std::nullopt;
  const auto again = analysis->function(Precision::Exact);
  EXPECT_TRUE(again && manager.equal(*again, *exact)) << text(program);
  return *exact;
}

}  // namespace

void expect_proven(Tally& tally, sample::Random& random, const Program& program,
                   std::span<const Words> given, const seccomp::Semantics& semantics,
                   const Budget& budget) {
  ++tally.programs;
  const Order order = Order::for_programs(std::span(&program, 1));
  Manager manager(order, budget);
  const auto seen = VerdictFunction::of(manager, program, semantics);
  const auto analysis = Analysis::of(manager, program, semantics);
  if (!seen || !analysis) {
    ++tally.not_decided;
    ASSERT_TRUE(manager.exhausted());
    ASSERT_NE(manager.not_decided().limit, Limit::None);
    return;
  }
  Manager exact_manager(order, {budget.nodes / 8, budget.time});
  const auto exact = exactly(exact_manager, program, semantics);
  if (!exact) ++tally.not_exact;
  const auto again = analysis->function();
  ASSERT_TRUE(again) << text(program);
  ASSERT_TRUE(manager.equal(*again, *seen)) << text(program);

  const engine::Interpreter interpreter(program, semantics);
  const auto run = [&](const Words& words) { return Verdict{interpreter.run(words)}; };
  expect_shown(tally, *seen, [&](const Words& words) { return run(words).normalised(semantics); });
  if (exact) expect_shown(tally, *exact, run);
  const Paths paths(tally, program, *analysis, interpreter);
  paths.expect_partition(manager);
  paths.expect_witnesses();
  for (const Words& words : inputs_for(random, given, exact ? *exact : *seen)) {
    ++tally.pairs;
    const Verdict truth = run(words);
    ASSERT_EQ(seen->at(words), truth.normalised(semantics)) << text(words) << text(program);
    if (exact) {
      ASSERT_EQ(exact->at(words), truth) << text(words) << text(program);
    }
    paths.expect_foreseen(words);
    if (testing::Test::HasFatalFailure()) return;
  }
  ASSERT_EQ(manager.check(), std::nullopt);
  ASSERT_EQ(exact_manager.check(), std::nullopt);
}

void expect_stack_proven(Tally& tally, sample::Random& random,
                         std::span<const Program> oldest_first, std::span<const Words> given,
                         const seccomp::Semantics& semantics, const Budget& budget) {
  ++tally.programs;
  const Order order = Order::for_programs(oldest_first);
  Manager manager(order, budget);
  Manager exact_manager(order, {budget.nodes / 8, budget.time});
  const auto exact =
      VerdictFunction::of_stack(exact_manager, oldest_first, semantics, Precision::Exact);
  const auto seen = VerdictFunction::of_stack(manager, oldest_first, semantics);
  if (!exact) ++tally.not_exact;
  if (!seen) {
    ++tally.not_decided;
    return;
  }
  const engine::FilterStack stack(oldest_first, semantics);
  const engine::Interpreter oldest(oldest_first.front(), semantics);
  const auto run = [&](const Words& words) {
    return oldest_first.size() == 1 ? Verdict{oldest.run(words)} : stack.run(words);
  };
  if (exact) expect_shown(tally, *exact, run);
  expect_shown(tally, *seen,
               [&](const Words& words) { return stack.run(words).normalised(semantics); });
  for (const Words& words : inputs_for(random, given, exact ? *exact : *seen)) {
    ++tally.pairs;
    if (exact) {
      ASSERT_EQ(exact->at(words), run(words)) << text(words) << text(oldest_first.front());
    }
    ASSERT_EQ(seen->at(words), stack.run(words).normalised(semantics))
        << text(words) << text(oldest_first.front());
  }
  ASSERT_EQ(manager.check(), std::nullopt);
}

}  // namespace assay::symbolic::test
