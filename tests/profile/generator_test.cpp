// Generators on random rules: wrong ones are refuted and their rules made small, and what is
// said of the installed libseccomp is what stands in the data.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <thread>

#include "assay/bpf/opcode.hpp"
#include "assay/profile/generator_campaign.hpp"
#include "assay/profile/intent.hpp"
#include "assay/profile/oci.hpp"

namespace assay::profile {
namespace {

using bpf::Operand;
using bpf::Operation;
using seccomp::Action;

// Three ways to be wrong, each of which was somebody's bug.

// The halves of an argument are taken for each other: loads are exchanged.
tl::expected<Instructions, Declined> with_halves_swapped(const Request& request) {
  auto filter = libseccomp_generator()(request);
  constexpr std::uint32_t first_argument = 16;
  if (filter)
    for (bpf::Instruction& instruction : *filter)
      if (instruction.code == code_of(Operation::Ld, Operand::Word) &&
          instruction.k >= first_argument)
        instruction.k ^= 4;
  return filter;
}

// Orders are those of signed numbers: the constant of >= and > is off by 2^31.
tl::expected<Instructions, Declined> with_signed_order(const Request& request) {
  auto filter = libseccomp_generator()(request);
  bool argument = false;
  if (!filter) return filter;
  for (bpf::Instruction& instruction : *filter) {
    if (instruction.code == code_of(Operation::Ld, Operand::Word)) argument = instruction.k >= 16;
    const bool order = instruction.code == code_of(Operation::Jge, Operand::Immediate) ||
                       instruction.code == code_of(Operation::Jgt, Operand::Immediate);
    if (order && argument && instruction.k >= 0x80000000) instruction.k -= 0x80000000;
  }
  return filter;
}

// The last rule is forgotten.
tl::expected<Instructions, Declined> with_a_rule_dropped(const Request& request) {
  Request shorter = request;
  if (shorter.rules.rules.size() > 1) shorter.rules.rules.pop_back();
  return libseccomp_generator()(shorter);
}

// The first disagreement that the installed libseccomp does not have by itself.
std::optional<Request> first_refuted(const Generator& wrong, std::uint64_t most) {
  for (std::uint64_t index = 0; index < most; ++index) {
    sample::Random random(7, index);
    const Request request = request_of(sample::rules(random));
    const Judgement judgement = judge(request, wrong);
    if (judgement.outcome != Outcome::Different) continue;
    if (judge(request, libseccomp_generator()).outcome != Outcome::Same) continue;
    return minimised(request, wrong, judgement);
  }
  return std::nullopt;
}

TEST(Generator, WrongOnesAreRefutedAndMinimisedToTwoRulesAtMost) {
  const std::pair<const char*, Generator> wrong[] = {{"halves swapped", with_halves_swapped},
                                                     {"signed order", with_signed_order},
                                                     {"a rule dropped", with_a_rule_dropped}};
  for (const auto& [name, generator] : wrong) {
    const auto refuted = first_refuted(generator, 2'000);
    ASSERT_TRUE(refuted) << name;
    EXPECT_LE(refuted->rules.rules.size(), 2U) << name << '\n' << to_text(*refuted);
    EXPECT_EQ(judge(*refuted, generator).outcome, Outcome::Different) << name;
  }
}

TEST(Generator, FiltersThatLinuxRejectsAreDisagreements) {
  const Generator empty = [](const Request&) { return Instructions{}; };
  EXPECT_EQ(judge({}, empty).outcome, Outcome::Rejected);
  const Generator declines = [](const Request&) -> tl::expected<Instructions, Declined> {
    return tl::unexpected(Declined{.why = "no"});
  };
  EXPECT_EQ(judge({}, declines).outcome, Outcome::Declines);
}

Rule rule(std::uint16_t error, Operator op, std::uint64_t value) {
  return {{{"read", {}}},
          {value_of(Action::Errno, error)},
          {{0, op, value, 0, Width::Whole, {}}},
          {},
          {}};
}

TEST(Generator, ConflictsAreRefusedByBoth) {
  Request request;
  request.rules.otherwise = {value_of(Action::Allow)};
  request.rules.rules = {rule(1, Operator::Equal, 1), rule(2, Operator::Equal, 1)};
  EXPECT_EQ(judge(request, libseccomp_generator()).outcome, Outcome::Refused);
}

TEST(Generator, OverlapsOfDifferentVerdictsAreComparedOnlyWhereTheyDoNotOverlap) {
  Request request;
  request.rules.otherwise = {value_of(Action::Allow)};
  request.rules.rules = {rule(1, Operator::Greater, 10), rule(2, Operator::Equal, 20)};
  EXPECT_EQ(judge(request, libseccomp_generator()).outcome, Outcome::SameSoFar);
}

TEST(Generator, RandomRulesComeBackFromTheirJson) {
  for (std::uint64_t index = 0; index < 300; ++index) {
    sample::Random random(11, index);
    const Request request = request_of(sample::rules(random));
    const Environment environment{Runtime::Libseccomp, request.host, {6, 18}, {}};
    const Read read =
        read_oci(to_oci_json(request.rules, request.host), "-", {Format::Oci, environment});
    ASSERT_TRUE(read) << read.error().found;
    symbolic::Manager manager(symbolic::Order::fixed());
    const auto ours = intent(manager, request.rules, environment);
    const auto theirs = intent(manager, read->filters.at(0), environment);
    ASSERT_EQ(ours.has_value(), theirs.has_value()) << index;
    if (ours) {
      EXPECT_TRUE(manager.equal(ours->function, theirs->function)) << index;
    }
  }
}

TEST(Generator, AProgramIsOneToo) {
  // true answers with nothing, cat with JSON.
  const Generator silent = command_generator({"true"});
  const Generator nonsense = command_generator({"cat"});
  const Generator refusing = command_generator({"false"});
  const Generator absent = command_generator({"/no/such/program"});
  const Generator slow = command_generator({"sleep", "10"}, std::chrono::milliseconds(50));
  EXPECT_EQ(judge({}, silent).outcome, Outcome::Broken);
  EXPECT_EQ(judge({}, nonsense).outcome, Outcome::Broken);
  EXPECT_EQ(judge({}, refusing).outcome, Outcome::Declines);
  EXPECT_EQ(judge({}, absent).outcome, Outcome::Broken);
  EXPECT_EQ(judge({}, slow).outcome, Outcome::Hangs);
}

TEST(Generator, GuardedOnesAnswerLikeTheOthers) {
  const Generator guarded = guarded_libseccomp_generator();
  const Generator direct = libseccomp_generator();
  for (std::uint64_t index = 0; index < 100; ++index) {
    sample::Random random(1, index);
    const Request request = request_of(sample::rules(random));
    const auto ours = guarded(request);
    const auto theirs = direct(request);
    ASSERT_EQ(ours.has_value(), theirs.has_value()) << index;
    if (ours) {
      EXPECT_EQ(*ours, *theirs) << index;
    }
  }
}

Rule rule(std::vector<ArgumentCondition> conditions, std::uint32_t verdict) {
  return {{{"openat", {}}}, {verdict}, std::move(conditions), {}, {}};
}

// Rules on which seccomp_rule_add() of 2.5.4 does not return.
Request endless() {
  const auto arg = [](std::uint32_t index, Operator op, std::uint64_t value) {
    return ArgumentCondition{index, op, value, 0, Width::Whole, {}};
  };
  const std::uint32_t allow = value_of(Action::Allow);
  const std::uint32_t kill = value_of(Action::KillProcess);
  Request request;
  request.rules.otherwise = {value_of(Action::KillThread)};
  request.rules.rules = {
      rule({arg(1, Operator::Less, 0x100000005), arg(0, Operator::Greater, 0x107ffffffe)}, allow),
      rule({arg(1, Operator::LessEqual, 0)}, kill),
      rule({arg(1, Operator::Equal, 0x107ffffffd)}, allow),
      rule({arg(1, Operator::LessEqual, 0x100000004)}, allow),
      rule({arg(0, Operator::Greater, 0x107ffffffe), arg(1, Operator::NotEqual, 0x100000004)},
           kill)};
  return request;
}

TEST(Generator, ALibraryThatHangsIsADisagreementAndTheNextOneIsAsked) {
  if (libseccomp_version() != "2.5.4") GTEST_SKIP() << "libseccomp 2.5.4 is not here";
  const Generator guarded = guarded_libseccomp_generator();
  EXPECT_EQ(judge(endless(), guarded).outcome, Outcome::Hangs);
  EXPECT_EQ(judge({}, guarded).outcome, Outcome::Same);
}

// Fails in one of three ways when it is asked for a tree; the default of the rules says which.
tl::expected<Instructions, Declined> failing_at_trees(const Request& request) {
  const Action way = request.rules.otherwise.action();
  volatile std::uint64_t work = 0;
  while (request.tree && way == Action::Allow) pause();
  while (request.tree && way == Action::Log) work = work + 1;
  if (request.tree) raise(SIGKILL);
  return libseccomp_generator()(request);
}

Request tree_of(Action otherwise) {
  Request request;
  request.rules.otherwise = {value_of(otherwise)};
  request.tree = true;
  return request;
}

TEST(Generator, OneThatWaitsIsStoppedByTheClock) {
  using std::chrono::milliseconds;
  const Generator waiting = guarded(failing_at_trees, {milliseconds(50), milliseconds(2'000)});
  for (int round = 0; round < 2; ++round) {
    const Judgement judgement = judge(tree_of(Action::Allow), waiting);
    EXPECT_EQ(judgement.outcome, Outcome::Hangs);
    EXPECT_EQ(judgement.why, "no answer after 2000 ms");
    EXPECT_EQ(judge({}, waiting).outcome, Outcome::Same);
  }
}

// Asked again, it answers.
void expect_replaced(Action way, Outcome outcome, const char* why) {
  const Generator failing = guarded(failing_at_trees);
  const Judgement judgement = judge(tree_of(way), failing);
  EXPECT_EQ(judgement.outcome, outcome);
  EXPECT_EQ(judgement.why, why);
  EXPECT_EQ(judge({}, failing).outcome, Outcome::Same);
}

TEST(Generator, OneThatWorksIsStoppedByItsProcessorTime) {
  expect_replaced(Action::Log, Outcome::Hangs, "no answer after 50 ms of processor time");
}

TEST(Generator, OneThatCrashesIsReplaced) {
  expect_replaced(Action::Trap, Outcome::Crashes, "signal 9");
}

// Each with a child of its own, made before the threads; what hangs is replaced meanwhile.
TEST(Generator, GuardedOnesServeThreadsSideBySide) {
  constexpr std::size_t count = 4;
  std::vector<Generator> generators(count);
  for (Generator& generator : generators) generator = guarded(failing_at_trees);
  std::vector<std::vector<Outcome>> outcomes(count);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round < 5; ++round)
        for (const Request& request : {Request{}, tree_of(Action::Log), tree_of(Action::Trap)})
          outcomes[i].push_back(judge(request, generators[i]).outcome);
    });
  for (std::thread& thread : threads) thread.join();
  std::vector<Outcome> expected;
  for (int round = 0; round < 5; ++round)
    expected.insert(expected.end(), {Outcome::Same, Outcome::Hangs, Outcome::Crashes});
  for (const auto& each : outcomes) EXPECT_EQ(each, expected);
}

// A later rule without conditions settles what overlaps, but not for who was asked before it.
TEST(Generator, MayDeclineConditionsThatMeetBeforeARuleThatDecidesAlone) {
  const auto rule = [](std::vector<ArgumentCondition> conditions, std::uint16_t error) {
    return Rule{{{"read", {}}}, {value_of(Action::Errno, error)}, std::move(conditions), {}, {}};
  };
  const ArgumentCondition some{0, Operator::Greater, 5, 0, Width::Whole, {}};
  const ArgumentCondition other{0, Operator::Greater, 7, 0, Width::Whole, {}};
  const Generator declining = [](const Request&) { return tl::unexpected(Declined{}); };
  Request request;
  request.rules.otherwise = {value_of(Action::Allow)};
  request.rules.arches = {seccomp::Arch::x86_64};
  request.rules.rules = {rule({some}, 1), rule({other}, 2), rule({}, 1)};
  EXPECT_EQ(judge(request, declining).outcome, Outcome::LeftOpen);
  request.rules.rules = {rule({some}, 1), rule({other}, 1), rule({}, 2)};
  EXPECT_EQ(judge(request, declining).outcome, Outcome::Declines);
}

}  // namespace
}  // namespace assay::profile
