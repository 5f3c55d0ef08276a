#include "assay/load/filter.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "load/scratch_file.hpp"

namespace assay::load {
namespace {

constexpr bpf::Instruction ret_allow{0x06, 0, 0, 0x7fff0000};
constexpr bpf::Instruction ret_kill{0x06, 0, 0, 0};

TEST(LoadFilter, GuessesEveryFormat) {
  for (const std::string_view format : {"raw", "raw-be", "text", "ddd", "hex", "c"}) {
    const auto known = find_format(format);
    ASSERT_TRUE(known) << format;
    EXPECT_EQ(name(*known), format);
    const std::vector<bpf::Instruction> instructions{
        {0x20, 0, 0, 4}, {0x15, 0, 1, 0xc000003e}, ret_allow, ret_kill};
    const ScratchFile file(bpf::encode(instructions, *known));
    const auto filters = load_filters(file.path());
    ASSERT_TRUE(filters) << format;
    ASSERT_EQ(filters->size(), 1U);
    EXPECT_EQ(filters->front().instructions, instructions) << format;
    EXPECT_EQ(filters->front().file, file.path());
  }
  EXPECT_FALSE(find_format("auto"));
  EXPECT_FALSE(find_format(""));
}

TEST(LoadFilter, TextHasNames) {
  const auto instructions = decode_filter("ret #ALLOW\n", "x");
  ASSERT_TRUE(instructions);
  EXPECT_EQ(*instructions, std::vector{ret_allow});
}

TEST(LoadFilter, LocatesErrors) {
  const auto error = decode_filter("ret #ALLOW\nrte #0\n", "x").error();
  EXPECT_EQ(error.kind, InputErrorKind::Malformed);
  EXPECT_EQ(error.line, 2U);
  EXPECT_EQ(error.column, 1U);
  EXPECT_EQ(error.suggestion, "ret");
  EXPECT_EQ(describe(error),
            "x: line 2, column 1: found 'rte', expected a mnemonic; did you mean 'ret'?");
}

TEST(LoadFilter, RawHasALimit) {
  const std::string most(raw_limit, '\0');
  EXPECT_TRUE(decode_filter(most, "x", bpf::Format::Raw));
  const auto error = decode_filter(most + '\0', "x", bpf::Format::Raw).error();
  EXPECT_EQ(error.kind, InputErrorKind::TooLarge);
  EXPECT_EQ(error.offset, raw_limit);
}

class LoadProcess : public ::testing::Test {
 protected:
  FilterOptions options_;
  int asked_ = 0;

  void SetUp() override {
    options_.live = [this](int tid) -> tl::expected<kernel::CapturedStack, kernel::CaptureFailure> {
      asked_ = tid;
      if (tid == 2)
        return tl::unexpected(kernel::CaptureFailure{kernel::CaptureProblem::NoSuchProcess, ESRCH});
      if (tid == 3)
        return tl::unexpected(
            kernel::CaptureFailure{kernel::CaptureProblem::NeedsPrivilege, EACCES});
      kernel::CapturedStack stack;
      if (tid == 4) return stack;
      stack.mode = kernel::Mode::Filter;
      stack.filters = {{{ret_allow}, 2}, {{ret_kill}, std::nullopt}};
      return stack;
    };
  }
};

TEST_F(LoadProcess, AStackIsOldestFirst) {
  const auto filters = load_filters("pid:17", options_);
  ASSERT_TRUE(filters);
  EXPECT_EQ(asked_, 17);
  ASSERT_EQ(filters->size(), 2U);
  EXPECT_EQ((*filters)[0].file, "pid:17/0");
  EXPECT_EQ((*filters)[0].instructions, std::vector{ret_allow});
  EXPECT_EQ((*filters)[0].flags, 2U);
  EXPECT_EQ((*filters)[1].file, "pid:17/1");
  EXPECT_EQ((*filters)[1].instructions, std::vector{ret_kill});
}

TEST_F(LoadProcess, OneOfThem) {
  const auto filters = load_filters("pid:17/1", options_);
  ASSERT_TRUE(filters);
  ASSERT_EQ(filters->size(), 1U);
  EXPECT_EQ(filters->front().file, "pid:17/1");
  EXPECT_EQ(filters->front().instructions, std::vector{ret_kill});
}

TEST_F(LoadProcess, Failures) {
  struct Row {
    std::string_view argument;
    InputErrorKind kind;
  };
  const Row rows[] = {
      {"pid:17/2", InputErrorKind::NoFilter}, {"pid:2", InputErrorKind::NoProcess},
      {"pid:3", InputErrorKind::Machine},     {"pid:4", InputErrorKind::NoFilter},
      {"pid:", InputErrorKind::Argument},     {"pid:0", InputErrorKind::Argument},
      {"pid:-1", InputErrorKind::Argument},   {"pid:1x", InputErrorKind::Argument},
      {"pid:1/", InputErrorKind::Argument},   {"pid:1/-1", InputErrorKind::Argument},
      {"pid:1/0x", InputErrorKind::Argument}, {"pid:99999999999", InputErrorKind::Argument},
      {"pid:self", InputErrorKind::Argument},
  };
  for (const Row& row : rows) {
    const auto filters = load_filters(row.argument, options_);
    ASSERT_FALSE(filters) << row.argument;
    EXPECT_EQ(filters.error().kind, row.kind) << row.argument;
    EXPECT_EQ(filters.error().file, row.argument);
  }
}

}  // namespace
}  // namespace assay::load
