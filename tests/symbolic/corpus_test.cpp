// Every captured filter and stack is decided, and what is proven of it holds.
#include "corpus.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <map>
#include <set>

#include "assay/engine/interpreter.hpp"
#include "assay/sample/mutant.hpp"
#include "assay/sample/record.hpp"
#include "assay/symbolic/verdict_function.hpp"
#include "assay/verify/accept.hpp"
#include "engine/agreement.hpp"
#include "engine/agreement_independent.hpp"
#include "symbolic/proof.hpp"

namespace assay::symbolic {
namespace {

using test::Tally;
using verify::Program;

constexpr std::size_t accepted_filters = 455;
constexpr std::size_t captured_stacks = 254;

class Corpus : public testing::Test {
 protected:
  void SetUp() override {
    if (filters_.empty()) GTEST_SKIP() << "no corpus at " << ASSAY_CORPUS;
  }
  std::vector<assay::test::CorpusFilter> filters_ = assay::test::corpus_filters(ASSAY_CORPUS);
};

std::vector<seccomp::Words> inputs_for(sample::Random& random, const Program& program) {
  std::vector<seccomp::Words> result;
  for (const auto& record : sample::records(random, program.instructions(), 24))
    result.push_back(engine::Interpreter::words_of(record));
  return result;
}

TEST_F(Corpus, WhatIsProvenOfAFilterHolds) {
  ASSERT_EQ(filters_.size(), accepted_filters);
  Tally tally;
  for (std::size_t i = 0; i < filters_.size(); i += agreement::slowdown()) {
    sample::Random random(31, i);
    expect_proven(tally, random, filters_[i].program, inputs_for(random, filters_[i].program));
    ASSERT_FALSE(HasFatalFailure()) << filters_[i].file;
  }
  std::cout << tally;
  EXPECT_EQ(tally.not_decided, 0U);
  EXPECT_EQ(tally.not_exact, 0U);
}

TEST_F(Corpus, WhatIsProvenOfAStackHolds) {
  const auto stacks = assay::test::corpus_stacks(ASSAY_CORPUS);
  ASSERT_EQ(stacks.size(), captured_stacks);
  Tally tally;
  for (std::size_t i = 0; i < stacks.size(); i += agreement::slowdown()) {
    std::vector<Program> programs;
    for (const auto& filter : stacks[i]) programs.push_back(filter.program);
    sample::Random random(32, i);
    expect_stack_proven(tally, random, programs, inputs_for(random, programs.front()));
    ASSERT_FALSE(HasFatalFailure()) << i << ", " << stacks[i].front().file;
  }
  std::cout << tally;
  EXPECT_EQ(tally.not_decided, 0U);
  EXPECT_EQ(tally.not_exact, 0U);
}

TEST_F(Corpus, HasFingerprintsThatAreEqualExactlyWhenTheMeaningIs) {
  Manager manager(Order::fixed());
  std::map<std::string, std::uint32_t> root_of;
  std::set<std::uint32_t> roots;
  for (const auto& filter : filters_) {
    const auto digest = fingerprint(std::span(&filter.program, 1));
    ASSERT_TRUE(digest) << filter.file;
    EXPECT_EQ(digest->size(), 3U + 64U);
    const auto function = VerdictFunction::of(manager, filter.program);
    ASSERT_TRUE(function) << filter.file;
    ASSERT_EQ(fingerprint(*function), *digest) << filter.file;
    roots.insert(function->root());
    ASSERT_EQ(root_of.try_emplace(*digest, function->root()).first->second, function->root());
  }
  std::cout << root_of.size() << " meanings in " << filters_.size()
            << " filters, in one manager of " << manager.bytes() / 1024 << " KiB\n";
  EXPECT_EQ(root_of.size(), roots.size());
  EXPECT_EQ(manager.check(), std::nullopt);
}

// Where -opt1 and -opt2 stand in the name: libseccomp's linear and tree form of one profile.
std::string without_form(const std::string& file, std::string_view form) {
  const std::size_t at = file.rfind(form);
  return at == std::string::npos ? "" : file.substr(0, at);
}

TEST_F(Corpus, LinearAndTreeFormsAreEqual) {
  std::map<std::string, const Program*> linear;
  for (const auto& filter : filters_)
    if (const auto stem = without_form(filter.file, "-opt1"); !stem.empty())
      linear[stem] = &filter.program;
  std::size_t equal = 0;
  std::size_t different = 0;
  for (const auto& filter : filters_) {
    const auto stem = without_form(filter.file, "-opt2");
    if (stem.empty() || !linear.contains(stem)) continue;
    const Program both[] = {*linear[stem], filter.program};
    Manager manager(Order::for_programs(both));
    const auto a = VerdictFunction::of(manager, both[0]);
    const auto b = VerdictFunction::of(manager, both[1]);
    ASSERT_TRUE(a && b) << stem;
    // This libseccomp swaps some constants of a foreign byte order twice.
    const bool swapped = stem.find("s390x") != std::string::npos;
    EXPECT_EQ(manager.equal(*a, *b), !swapped) << stem;
    const Condition differs = a->differs(*b);
    EXPECT_EQ(differs.is_never(), !swapped) << stem;
    ++(swapped ? different : equal);
    if (!swapped) continue;
    const auto witness = differs.witness();
    ASSERT_TRUE(witness);
    EXPECT_NE(engine::Interpreter(both[0]).run(*witness),
              engine::Interpreter(both[1]).run(*witness));
    std::cout << stem << ": differs on 2^" << differs.count().log2() << " inputs\n";
  }
  std::cout << equal << " pairs equal, " << different << " different\n";
  EXPECT_GE(equal, 18U);
  EXPECT_EQ(different, 2U);
}

// --- mutants ---

struct Fate {
  std::uint64_t equal = 0;
  std::uint64_t alike = 0;  // other values, one meaning
  std::uint64_t refuted = 0;
  std::uint64_t not_decided = 0;  // two words multiplied or divided
};

// Every engine there is tells the two apart on the input.
void expect_told_apart(const Program& original, const Program& mutant,
                       const seccomp::Words& witness, bool by_meaning) {
  const auto differ = [&](std::uint32_t a, std::uint32_t b) {
    if (!by_meaning) return a != b;
    return seccomp::Verdict{a}.normalised() != seccomp::Verdict{b}.normalised();
  };
  EXPECT_TRUE(
      differ(engine::Interpreter(original).run(witness), engine::Interpreter(mutant).run(witness)));
  EXPECT_TRUE(
      differ(independent::run(agreement::translated(original.instructions()), witness).value,
             independent::run(agreement::translated(mutant.instructions()), witness).value));
}

void judge(Fate& fate, sample::Random& random, const Program& original, const Program& mutant) {
  const Program both[] = {original, mutant};
  Manager manager(Order::for_programs(both));
  const auto a = VerdictFunction::of(manager, original, {}, Precision::Exact);
  const auto b = VerdictFunction::of(manager, mutant, {}, Precision::Exact);
  const auto p = VerdictFunction::of(manager, original);
  const auto q = VerdictFunction::of(manager, mutant);
  if (!a || !b || !p || !q) {
    ++fate.not_decided;
    return;
  }
  if (!manager.equal(*a, *b)) {
    expect_told_apart(original, mutant, a->differs(*b).witness().value(), false);
    ++(manager.equal(*p, *q) ? fate.alike : fate.refuted);
    if (!manager.equal(*p, *q))
      expect_told_apart(original, mutant, p->differs(*q).witness().value(), true);
    return;
  }
  ++fate.equal;
  ASSERT_TRUE(manager.equal(*p, *q));
  for (const seccomp::Words& words : inputs_for(random, mutant))
    ASSERT_EQ(engine::Interpreter(original).run(words), engine::Interpreter(mutant).run(words));
}

TEST_F(Corpus, MutantsAreProvenEqualOrRefuted) {
  constexpr std::uint64_t mutants_of_a_filter = 24;
  std::map<sample::Mutation, Fate> fates;
  std::uint64_t judged = 0;
  std::uint64_t equal = 0;
  std::uint64_t not_decided = 0;
  for (std::uint64_t i = 0; i < filters_.size(); i += agreement::slowdown()) {
    const Program& original = filters_[i].program;
    for (std::uint64_t n = 0; n < mutants_of_a_filter; ++n) {
      sample::Random random(33, i * mutants_of_a_filter + n);
      const auto mutant = sample::accepted_mutant(random, original);
      if (!mutant) continue;
      Fate& fate = fates[mutant->mutation];
      judge(fate, random, original, *verify::accept(mutant->instructions));
      ASSERT_FALSE(HasFailure()) << filters_[i].file << ", mutant " << n << " at " << mutant->pc;
    }
  }
  for (const auto& [mutation, fate] : fates) {
    std::cout << name(mutation) << ": " << fate.equal << " equal, " << fate.alike
              << " alike in meaning, " << fate.refuted << " refuted, " << fate.not_decided
              << " not decided\n";
    judged += fate.equal + fate.alike + fate.refuted;
    equal += fate.equal;
    not_decided += fate.not_decided;
  }
  std::cout << judged << " mutants, " << equal << " proven equal\n";
  EXPECT_LE(not_decided * 200, judged);
  EXPECT_GE(judged, 10'000U / agreement::slowdown());
  EXPECT_GE(equal, 300U / agreement::slowdown());
}

TEST_F(Corpus, IsDecidedInLittleTimeAndMemory) {
  const auto start = std::chrono::steady_clock::now();
  std::size_t most_bytes = 0;
  for (const auto& filter : filters_) {
    Manager manager(Order::for_programs(std::span(&filter.program, 1)));
    ASSERT_TRUE(VerdictFunction::of(manager, filter.program)) << filter.file;
    most_bytes = std::max(most_bytes, manager.bytes());
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  std::cout << filters_.size() << " filters in " << took.count() << " ms, at most "
            << most_bytes / 1024 << " KiB of nodes\n";
  EXPECT_LT(most_bytes, std::size_t{64} << 20);
}

}  // namespace
}  // namespace assay::symbolic
