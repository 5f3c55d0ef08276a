#include "assay/verify/bitmap.hpp"

#include <gtest/gtest.h>

#include "assay/verify/accept.hpp"
#include "data_cases.hpp"

namespace assay::verify {
namespace {

class Bitmap : public testing::TestWithParam<test::Case> {};

TEST_P(Bitmap, AsTheRowSays) {
  const auto program = accept(test::assembled(GetParam()));
  ASSERT_TRUE(program);
  const BitmapReason reason = bitmap_answer(*program, 5, 0xc000003e);
  EXPECT_EQ(std::string(name(reason.answer)) + " at " + std::to_string(reason.insn),
            GetParam().expected.front());
}

INSTANTIATE_TEST_SUITE_P(Rows, Bitmap, testing::ValuesIn(test::cases("verify/bitmap")),
                         [](const auto& row) { return test::test_name(row.param); });

}  // namespace
}  // namespace assay::verify
