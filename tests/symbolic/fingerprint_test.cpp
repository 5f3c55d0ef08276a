#include "assay/symbolic/fingerprint.hpp"

#include <gtest/gtest.h>

#include "assay/bpf/assemble.hpp"
#include "assay/sample/program.hpp"
#include "assay/verify/accept.hpp"

namespace assay::symbolic {
namespace {

using verify::Program;

Program program_of(std::string_view text) { return *verify::accept(bpf::assemble(text).value()); }

Manager manager_for(const Program& program) {
  return Manager(Order::for_programs(std::span(&program, 1)));
}

TEST(ReadyFingerprint, IsThereInAnyOrderThatAgreesWithTheFixedOne) {
  const std::pair<bool, std::string_view> rows[] = {
      {true, "ret #0x7fff0000"},
      {true, "ld [4]\njeq #7, +0, +2\nld [0]\njeq #59, +1, +0\nret #0\nret #0x7fff0000"},
      {true, "ld [0]\njeq #59, +0, +2\nld [24]\njgt #5, +1, +0\nret #0\nret #0x7fff0000"},
      {false, "ld [20]\njeq #1, +0, +2\nld [16]\njeq #5, +1, +0\nret #0\nret #0x7fff0000"},
  };
  for (const auto& [agrees, text] : rows) {
    const Program program = program_of(text);
    Manager manager = manager_for(program);
    const auto digest = ready_fingerprint(*VerdictFunction::of(manager, program));
    ASSERT_EQ(digest.has_value(), agrees) << text;
    if (!digest) continue;
    EXPECT_EQ(*digest, fingerprint(std::span(&program, 1)).value()) << text;
  }
}

TEST(ReadyFingerprint, IsNeverAWrongOne) {
  constexpr Budget small{std::size_t{1} << 14, std::chrono::milliseconds(10'000)};
  std::size_t there = 0;
  for (std::uint64_t index = 0; index < 300; ++index) {
    sample::Random random(71, index);
    const Program program = sample::accepted_program(random, 30);
    Manager manager(Order::for_programs(std::span(&program, 1)), small);
    const auto function = VerdictFunction::of(manager, program);
    const auto digest = function ? ready_fingerprint(*function) : std::nullopt;
    // Where the fixed order is too large on the way, though not at the end, it says nothing.
    const auto expected = fingerprint(std::span(&program, 1), {}, small);
    if (!digest || !expected) continue;
    ASSERT_EQ(*digest, *expected) << index;
    ++there;
  }
  EXPECT_GT(there, 30U);
}

}  // namespace
}  // namespace assay::symbolic
