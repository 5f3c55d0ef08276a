#include "assay/verify/chain.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "assay/verify/accept.hpp"
#include "data_cases.hpp"

namespace assay::verify {
namespace {

using bpf::Instruction;

class ChainCost : public testing::TestWithParam<test::Case> {};

// "N blinded M"
TEST_P(ChainCost, AsTheRowSays) {
  const auto program = accept(test::assembled(GetParam()));
  ASSERT_TRUE(program);
  const auto words = test::split(GetParam().expected.front());
  EXPECT_EQ(chain_cost(*program), test::parse_number(words.at(0)));
  EXPECT_EQ(chain_cost(*program, Blinding::On), test::parse_number(words.at(2)));
}

INSTANTIATE_TEST_SUITE_P(Rows, ChainCost, testing::ValuesIn(test::cases("verify/chain")),
                         [](const auto& row) { return test::test_name(row.param); });

Program repeated(Instruction body, std::size_t times) {
  std::vector<Instruction> instructions(times, body);
  instructions.push_back({0x06, 0, 0, 0x7fff0000});
  return *accept(instructions);
}

// How many copies of one filter a thread can attach.
std::size_t capacity(std::uint32_t cost) {
  std::vector<std::uint32_t> attached;
  while (fits(cost, attached)) {
    EXPECT_EQ(times_it_fits(cost, {}), attached.size() + times_it_fits(cost, attached));
    attached.push_back(cost);
  }
  return attached.size();
}

TEST(ChainCapacity, OfTheShortestFilterIs3641) {
  const Program program = *accept(std::vector<Instruction>{{0x06, 0, 0, 0x7fff0000}});
  EXPECT_EQ(capacity(chain_cost(program)), 3641U);
  EXPECT_EQ(capacity(chain_cost(program, Blinding::On)), 2979U);
}

TEST(ChainCapacity, OfFullFilters) {
  EXPECT_EQ(capacity(chain_cost(repeated({0x00, 0, 0, 1}, 4095))), 7U);
  EXPECT_EQ(capacity(chain_cost(repeated({0x06, 0, 0, 1}, 4095))), 3U);
  EXPECT_EQ(capacity(chain_cost(repeated({0x3c, 0, 0, 0}, 4095))), 1U);
}

TEST(ChainCapacity, OfAHundredReturnsAndOfAHundredBranches) {
  const Program returns = repeated({0x06, 0, 0, 1}, 99);
  EXPECT_EQ(capacity(chain_cost(returns, Blinding::On)), 80U);
  const Program branches = repeated({0x15, 0, 0, 1}, 100);
  EXPECT_EQ(capacity(chain_cost(branches)), 300U);
  EXPECT_EQ(capacity(chain_cost(branches, Blinding::On)), 105U);
}

TEST(ChainCost, CountedTheClassicLengthBeforeLinux3_16) {
  const Program program = repeated({0x3c, 0, 0, 0}, 9);
  EXPECT_EQ(chain_cost(program, Blinding::Off, *seccomp::find_semantics("linux-3.15")), 10U);
}

}  // namespace
}  // namespace assay::verify
