#include "assay/verify/accept.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

#include "assay/seccomp/semantics.hpp"
#include "data_cases.hpp"

namespace assay::verify {
namespace {

using bpf::Instruction;

constexpr Instruction ret_allow{0x06, 0, 0, 0x7fff0000};

class Accept : public testing::TestWithParam<test::Case> {};

std::string shown(const Rejection& rejection) {
  std::ostringstream out;
  out << "refused " << name(rejection.kind) << " at "
      << (rejection.insn ? std::to_string(*rejection.insn) : "none") << " found " << rejection.found
      << " limit " << rejection.limit << " errno " << rejection.error;
  return out.str();
}

std::string shown(const tl::expected<Program, Rejection>& answer) {
  return answer ? "accepted" : shown(answer.error());
}

// "refused KIND at N found F [limit L]"; the errno is always EINVAL.
std::string expected_answer(std::string_view line) {
  const auto words = test::split(line);
  if (words.at(0) == "accepted") return "accepted";
  const auto value = [&](std::size_t i) {
    return words.size() > i ? std::to_string(test::parse_number(words[i])) : "0";
  };
  return "refused " + words.at(1) + " at " + words.at(3) + " found " + value(5) + " limit " +
         value(7) + " errno " + std::to_string(EINVAL);
}

TEST_P(Accept, AsTheRowSays) {
  EXPECT_EQ(shown(accept(test::assembled(GetParam()))),
            expected_answer(GetParam().expected.front()));
}

INSTANTIATE_TEST_SUITE_P(Rows, Accept, testing::ValuesIn(test::cases("verify/accept")),
                         [](const auto& row) { return test::test_name(row.param); });

TEST(AcceptLength, NothingIsNoProgram) {
  EXPECT_EQ(accept({}).error(), (Rejection{EINVAL, std::nullopt, RejectionKind::Empty, 0, 0}));
}

TEST(AcceptLength, TheLimitIs4096) {
  const std::vector<Instruction> longest(bpf::max_instructions, ret_allow);
  EXPECT_TRUE(accept(longest));
  const std::vector<Instruction> longer(bpf::max_instructions + 1, ret_allow);
  EXPECT_EQ(accept(longer).error(),
            (Rejection{EINVAL, std::nullopt, RejectionKind::TooLong, 4097, 4096}));
}

TEST(AcceptLength, IsLookedAtBeforeTheInstructions) {
  const std::vector<Instruction> junk(bpf::max_instructions + 1, Instruction{0xffff, 1, 2, 3});
  EXPECT_EQ(accept(junk).error().kind, RejectionKind::TooLong);
}

TEST(AcceptCodes, ExactlyFortyOneOpcodesAreSeccomps) {
  std::size_t accepted = 0;
  for (std::uint32_t code = 0; code <= 0xffff; ++code) {
    // One store, so that loads of M[1] pass; k = 0 but for a divisor.
    const std::uint32_t k = (code & 0xfff7) == 0x34 ? 1 : 0;
    const std::vector<Instruction> program{
        {0x02, 0, 0, 0}, {static_cast<std::uint16_t>(code), 0, 0, k}, ret_allow};
    if (accept(program)) ++accepted;
  }
  EXPECT_EQ(accepted, 41U);
}

TEST(AcceptProgram, KeepsTheInstructionsByteForByte) {
  const std::vector<Instruction> junk{{0x80, 3, 4, 5}, {0x16, 6, 7, 8}};
  const auto program = accept(junk);
  ASSERT_TRUE(program);
  EXPECT_TRUE(std::equal(junk.begin(), junk.end(), program->instructions().begin(),
                         program->instructions().end()));
}

TEST(AcceptSemantics, XorCameWithLinux3_10) {
  const std::vector<Instruction> program{{0xa4, 0, 0, 1}, ret_allow};
  EXPECT_TRUE(accept(program, *seccomp::find_semantics("linux-3.10")));
  EXPECT_EQ(accept(program, *seccomp::find_semantics("linux-3.9")).error().kind,
            RejectionKind::RefusedBySeccomp);
}

}  // namespace
}  // namespace assay::verify
