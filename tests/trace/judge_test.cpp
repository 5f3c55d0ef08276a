#include "assay/trace/judge.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "assay/engine/filter_stack.hpp"
#include "assay/sample/program.hpp"
#include "assay/sample/record.hpp"
#include "assay/text/verdict.hpp"
#include "trace/programs.hpp"
#include "trace/rendered.hpp"

namespace assay::trace {
namespace {

using seccomp::SeccompData;

std::string in_words(const Judgement& judgement) {
  std::string text = text::to_text(judgement.verdict);
  if (judgement.certainty == Certainty::Assumed) text += " assumed";
  if (judgement.certainty == Certainty::Open) text = "open";
  for (const seccomp::Verdict verdict : judgement.possible) text += " " + text::to_text(verdict);
  for (std::size_t i = 0; i < 6; ++i)
    if (judgement.decisive.args[i] != 0) text += " arg" + std::to_string(i);
  return text;
}

std::string judged(std::string_view line, std::string_view assembly = guarded,
                   const symbolic::Budget& budget = {}) {
  const verify::Program one = program(assembly);
  Judge judge(std::span(&one, 1), {}, budget);
  const auto calls = read_all(Format::Strace, line);
  return calls.size() == 1 ? in_words(judge.judge(calls[0])) : "no call";
}

TEST(Judge, WhatDoesNotDependOnUnknownBitsIsCertain) {
  EXPECT_EQ(judged("openat(AT_FDCWD, \"x\", O_RDONLY) = 3"), "ALLOW");
  EXPECT_EQ(judged("clone3({flags=0}, 88) = -1 ENOSYS (x)"), "ERRNO(38)");
  EXPECT_EQ(judged("personality(0x8) = 0"), "ERRNO(1)");
  EXPECT_EQ(judged("personality(0) = 0"), "ALLOW");  // its upper half is not looked at
  EXPECT_EQ(judged("socket(AF_INET, SOCK_STREAM, 0) = 3"), "ERRNO(1)");  // whatever is above
}

TEST(Judge, UpperHalvesAreAssumedToBeZero) {
  EXPECT_EQ(judged("socket(AF_UNIX, SOCK_STREAM, 0) = 3"), "ALLOW assumed ERRNO(1) ALLOW arg0");
}

TEST(Judge, OtherwiseTheVerdictIsOpen) {
  EXPECT_EQ(judged("socket(AF_OF_TOMORROW, SOCK_STREAM, 0) = 3"), "open ERRNO(1) ALLOW arg0");
  EXPECT_EQ(judged("personality() = 3"), "open ERRNO(1) ALLOW arg0");
  EXPECT_EQ(judged("call_of_tomorrow() = 3"), "open ERRNO(1) ERRNO(38) ALLOW arg0");
}

TEST(Judge, APrintedPointerIsNotNull) {
  constexpr std::string_view only_null =
      "ld [args[1].lo]\njeq #0, +0, bad\nld [args[1].hi]\njeq #0, +0, bad\nret #ALLOW\n"
      "bad: ret #TRAP(1)\n";
  EXPECT_EQ(judged("openat(AT_FDCWD, \"x\", O_RDONLY) = 3", only_null), "TRAP(1)");
  EXPECT_EQ(judged("openat(AT_FDCWD, NULL, O_RDONLY) = 3", only_null), "ALLOW");
  EXPECT_EQ(judged("openat(AT_FDCWD) = 3", only_null), "open TRAP(1) ALLOW arg1");
  EXPECT_EQ(judged("openat(AT_FDCWD, \"x\") = 3",
                   "ld [args[1].lo]\njeq #0, +0, +1\nret #LOG\n"
                   "ret #ALLOW\n"),
            "open LOG ALLOW arg1");
}

TEST(Judge, WithoutABudgetUnknownBitsAreZeroAndNothingPartialIsCertain) {
  constexpr symbolic::Budget none{1, std::chrono::milliseconds(1000)};
  EXPECT_EQ(judged("personality() = 0", guarded, none),
            "ALLOW assumed arg0 arg1 arg2 arg3 arg4 arg5");
}

// The call as a recording with random gaps has it.
Call forgetful(const SeccompData& data, sample::Random& random) {
  Call call = call_of(data, 1);
  for (std::size_t arg = 0; arg < 6; ++arg) {
    call.known.args[arg] = random.next() & random.next();
    if (data.args[arg] != 0 && random.one_in(2))
      call.nonzero |= static_cast<std::uint8_t>(1U << arg);
    call.data.args[arg] &= call.known.args[arg];
    call.assumed.args[arg] = random.next() & ~call.known.args[arg];
  }
  call.known.instruction_pointer = 0;
  call.data.instruction_pointer = 0;
  return call;
}

// Of random programs and records, with random bits forgotten: the interpreter's verdict on the
// record is always among the possible ones, and a certain one is its verdict.
TEST(Judge, AgreesWithTheInterpreter) {
  std::size_t certain = 0;
  for (std::uint64_t index = 0; index < 300; ++index) {
    sample::Random random(20261126, index);
    const verify::Program one = sample::accepted_program(random, 64);
    Judge judge(std::span(&one, 1), {}, quick);
    if (!judge.knows_function()) continue;
    const engine::FilterStack stack(std::span(&one, 1));
    for (const SeccompData& data : sample::records(random, one.instructions(), 40)) {
      const seccomp::Verdict truth = stack.run(data).normalised();
      const Judgement& judgement = judge.judge(forgetful(data, random));
      if (judgement.certainty == Certainty::Certain) {
        ++certain;
        ASSERT_EQ(judgement.verdict, truth) << index;
        continue;
      }
      const auto& possible = judgement.possible;
      ASSERT_NE(std::find(possible.begin(), possible.end(), truth), possible.end()) << index;
      ASSERT_GT(possible.size(), 1U);
      ASSERT_NE(judgement.decisive, SeccompData{});
    }
  }
  EXPECT_GT(certain, 1000U);
}

}  // namespace
}  // namespace assay::trace
