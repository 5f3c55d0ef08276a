#include "assay/shard/share.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace assay::shard {
namespace {

TEST(Share, SharesTogetherHaveEveryItemOnce) {
  for (std::uint64_t count = 1; count <= 7; ++count) {
    std::vector<int> times(100);
    for (std::uint64_t index = 0; index < count; ++index) {
      const Share share{index, count};
      for (std::uint64_t item = share.next(0); item < times.size(); item = share.next(item + 1)) {
        EXPECT_TRUE(share.has(item));
        ++times[item];
      }
    }
    EXPECT_EQ(times, std::vector<int>(100, 1)) << count << " shares";
  }
}

TEST(Share, NextIsTheItemItselfWhereItBelongsToTheShare) {
  EXPECT_EQ((Share{2, 5}.next(7)), 7U);
  EXPECT_EQ((Share{2, 5}.next(8)), 12U);
  EXPECT_EQ(Share{}.next(41), 41U);
}

TEST(Share, IsWrittenAsIndexAndCount) {
  EXPECT_EQ(parse_share("0/4"), (Share{0, 4}));
  EXPECT_EQ(parse_share("3/4"), (Share{3, 4}));
  EXPECT_EQ(to_string(Share{3, 4}), "3/4");
}

TEST(Share, CountingFromOneCoversTheSameItems) { EXPECT_EQ(parse_share("4/4"), (Share{0, 4})); }

TEST(Share, AnythingElseIsNoShare) {
  for (const char* text : {"", "1", "/", "1/", "/4", "5/4", "0/0", "-1/4", "1/4 ", " 1/4", "1/4/2",
                           "a/b", "0x1/4", "0/1000001", "0/18446744073709551616"})
    EXPECT_EQ(parse_share(text), std::nullopt) << text;
}

}  // namespace
}  // namespace assay::shard
