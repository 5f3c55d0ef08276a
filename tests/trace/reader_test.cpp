#include "assay/trace/reader.hpp"

#include <gtest/gtest.h>

#include "data_cases.hpp"
#include "trace/rendered.hpp"

namespace assay::trace {
namespace {

// Recordings of tests/data/trace, each beside the calls that it holds.
class Recording : public testing::TestWithParam<test::Case> {};

TEST_P(Recording, Holds) {
  const Format format = detect(GetParam().body);
  const auto reader = make_reader(format, {});
  std::vector<std::string> found{"format " + std::string(name(format))};
  for (const Call& call : read_all(*reader, GetParam().body)) found.push_back(rendered(call));
  for (std::size_t i = 0; i < skip_kinds; ++i) {
    const auto skip = static_cast<Skip>(i);
    const Skipped& skipped = reader->skipped(skip);
    if (skipped.count > 0)
      found.push_back("skipped " + std::to_string(skipped.count) + " from line " +
                      std::to_string(skipped.first_line) + ": " + std::string(describe(skip)));
  }
  EXPECT_EQ(found, GetParam().expected);
}

std::string case_name(const testing::TestParamInfo<test::Case>& info) {
  return test::test_name(info.param);
}

INSTANTIATE_TEST_SUITE_P(Strace, Recording, testing::ValuesIn(test::cases("trace/strace")),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Audit, Recording, testing::ValuesIn(test::cases("trace/audit")),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Perf, Recording, testing::ValuesIn(test::cases("trace/perf")), case_name);
INSTANTIATE_TEST_SUITE_P(Summaries, Recording, testing::ValuesIn(test::cases("trace/summaries")),
                         case_name);

}  // namespace
}  // namespace assay::trace
