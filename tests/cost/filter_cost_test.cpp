// Bounds hold for every input tried, and each is reached by its witness.
#include "assay/cost/filter_cost.hpp"

#include <gtest/gtest.h>

#include "assay/bpf/assemble.hpp"
#include "assay/engine/filter_stack.hpp"
#include "assay/sample/record.hpp"
#include "assay/sample/stack.hpp"
#include "assay/verify/accept.hpp"
#include "engine/agreement.hpp"

namespace assay::cost {
namespace {

using engine::FilterStack;
using engine::Interpreter;
using verify::Program;

constexpr std::uint32_t x86_64 = 0xc000003e;
constexpr symbolic::Budget small{std::size_t{1} << 16, std::chrono::milliseconds(500)};

void expect_reached(const FilterStack& stack, const Bounds& bounds) {
  EXPECT_EQ(stack.examine(bounds.best.witness).instructions, bounds.best.instructions);
  EXPECT_EQ(stack.examine(bounds.worst.witness).instructions, bounds.worst.instructions);
}

void expect_within(std::uint32_t count, const Bounds& bounds) {
  EXPECT_LE(bounds.best.instructions, count);
  EXPECT_GE(bounds.worst.instructions, count);
}

TEST(FilterCost, BoundsOfRandomStacksHoldAndAreReached) {
  std::uint64_t decided = 0;
  for (std::uint64_t index = 0; index < 300 / agreement::slowdown(); ++index) {
    sample::Random random(agreement::seed(), index);
    const std::vector<Program> programs = sample::stack(random, 3);
    const auto cost = FilterCost::of(programs, {}, small);
    if (!cost) continue;
    ++decided;
    const FilterStack stack(programs);
    expect_reached(stack, cost->everywhere());
    for (const auto& record : sample::records(random, programs[0].instructions(), 24)) {
      const auto words = Interpreter::words_of(record);
      const std::uint32_t count = stack.examine(words).instructions;
      expect_within(count, cost->everywhere());
      const Bounds call = cost->call(record.arch, record.nr);
      expect_within(count, call);
      expect_reached(stack, call);
      EXPECT_EQ(call.worst.witness[0], record.nr);
      EXPECT_EQ(call.worst.witness[1], record.arch);
      EXPECT_EQ(cost->exactly(words), count);
      EXPECT_EQ(cost->call(trace::call_of(record, 1)).best.instructions, count);
      EXPECT_EQ(cost->call(trace::call_of(record, 1)).worst.instructions, count);
    }
  }
  EXPECT_GE(decided, 150 / agreement::slowdown());
}

// Known bits of an argument narrow what a call can cost; assumed ones do not.
TEST(FilterCost, OfARecordedCallIsOverWhatIsNotRecorded) {
  const Program program = *verify::accept(
      bpf::assemble("ld [20]\njeq #0, +0, +2\nld [16]\njset #1, +1, +0\nret #1\nld #0\nret #2")
          .value());
  const auto cost = FilterCost::of(std::span(&program, 1));
  ASSERT_TRUE(cost);
  trace::Call call = trace::call_of(x86_64, 0, 1);
  const auto bounds = [&] {
    const Bounds now = cost->call(call);
    return std::pair(now.best.instructions, now.worst.instructions);
  };
  EXPECT_EQ(bounds(), std::pair(3U, 6U));
  call.known.args[0] = 1;
  EXPECT_EQ(bounds(), std::pair(3U, 5U));
  call.data.args[0] = 1;
  EXPECT_EQ(bounds(), std::pair(3U, 6U));
  call.assumed.args[0] = 0xffffffff00000000;
  EXPECT_EQ(bounds(), std::pair(3U, 6U));
  call.known.args[0] = 0xffffffff00000001;
  EXPECT_EQ(bounds(), std::pair(6U, 6U));
}

// In a big-endian record the half that is compared is another.
TEST(FilterCost, OfARecordedCallReadsTheByteOrderOfItsArch) {
  const Program program =
      *verify::accept(bpf::assemble("ld [16]\njeq #1, +0, +1\nret #1\nld #0\nret #2").value());
  const auto cost = FilterCost::of(std::span(&program, 1));
  const auto worst = [&](std::uint32_t arch) {
    trace::Call call = trace::call_of(arch, 0, 1);
    call.known.args[0] = ~std::uint64_t{0};
    call.data.args[0] = 1;
    return cost->call(call).worst.instructions;
  };
  EXPECT_EQ(worst(x86_64), 3U);
  EXPECT_EQ(worst(0x80000016), 4U);  // s390x
}

}  // namespace
}  // namespace assay::cost
