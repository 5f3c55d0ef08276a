// The border for C, through the shared library alone.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "assay/assay.h"

namespace {

constexpr std::string_view no_exec = "ld [nr]\njeq #59, +0, +1\nret #ERRNO(1)\nret #ALLOW\n";

struct Text {
  char* text = nullptr;
  Text() = default;
  Text(const Text&) = delete;
  ~Text() { assay_free(text); }
  operator char**() { return &text; }
  std::string str() const { return text == nullptr ? "" : text; }
};

struct Filter {
  assay_filter* handle = nullptr;
  explicit Filter(std::string_view text, const assay_options* options = nullptr) {
    Text why;
    EXPECT_EQ(assay_filter_read(text.data(), text.size(), "text", options, &handle, why), ASSAY_YES)
        << why.str();
  }
  Filter(const Filter&) = delete;
  ~Filter() { assay_filter_free(handle); }
};

TEST(AssayH, RunsRecords) {
  const Filter filter(no_exec);
  assay_record record{};
  record.syscall = "execve";
  assay_answer answer;
  ASSERT_EQ(assay_run(filter.handle, &record, &answer, nullptr), ASSAY_YES);
  EXPECT_EQ(answer.value, 0x00050001U);
  EXPECT_EQ(answer.instructions, 3U);
  EXPECT_STREQ(answer.verdict, "ERRNO(1)");
  record.arch = "s390x";
  ASSERT_EQ(assay_run(filter.handle, &record, &answer, nullptr), ASSAY_YES);
  EXPECT_STREQ(answer.verdict, "ALLOW");
  Text why;
  record.syscall = "exceve";
  EXPECT_EQ(assay_run(filter.handle, &record, &answer, why), ASSAY_BAD_USAGE);
  EXPECT_NE(why.str().find("execve"), std::string::npos) << why.str();
}

TEST(AssayH, SaysWhyAFilterIsNone) {
  assay_filter* handle = nullptr;
  Text rejected, malformed, format;
  EXPECT_EQ(assay_filter_read("ld [nr]\n", 8, nullptr, nullptr, &handle, rejected), ASSAY_NO);
  EXPECT_FALSE(rejected.str().empty());
  EXPECT_EQ(assay_filter_read("what\n", 5, "text", nullptr, &handle, malformed), ASSAY_BAD_INPUT);
  EXPECT_NE(malformed.str().find("line 1"), std::string::npos);
  EXPECT_EQ(assay_filter_read("", 0, "elf", nullptr, &handle, format), ASSAY_BAD_USAGE);
  EXPECT_EQ(handle, nullptr);
}

TEST(AssayH, NullIsAnsweredAndNotFollowed) {
  Text why;
  EXPECT_EQ(assay_filter_read(nullptr, 8, nullptr, nullptr, nullptr, why), ASSAY_BAD_USAGE);
  EXPECT_EQ(assay_run(nullptr, nullptr, nullptr, nullptr), ASSAY_BAD_USAGE);
  EXPECT_EQ(assay_explain(nullptr, nullptr, nullptr), ASSAY_BAD_USAGE);
  EXPECT_EQ(assay_diff(nullptr, nullptr, nullptr, nullptr), ASSAY_BAD_USAGE);
  EXPECT_EQ(assay_query(nullptr, nullptr, nullptr, nullptr, nullptr), ASSAY_BAD_USAGE);
  EXPECT_EQ(assay_fingerprint(nullptr, nullptr, nullptr), ASSAY_BAD_USAGE);
  EXPECT_EQ(assay_filter_stack(nullptr, 0, nullptr, nullptr), ASSAY_BAD_USAGE);
  EXPECT_EQ(assay_check(nullptr, 1, nullptr, nullptr, nullptr, nullptr), ASSAY_BAD_USAGE);
  const Filter filter(no_exec);
  const assay_filter* const some[] = {filter.handle, nullptr};
  const assay_filter* const none[] = {nullptr, filter.handle};
  assay_filter* stack = nullptr;
  EXPECT_EQ(assay_filter_stack(some, 2, &stack, nullptr), ASSAY_BAD_USAGE);
  EXPECT_EQ(assay_filter_stack(none, 2, &stack, nullptr), ASSAY_BAD_USAGE);
  EXPECT_EQ(stack, nullptr);
  assay_filter_free(nullptr);
  assay_free(nullptr);
}

TEST(AssayH, AnswersInJson) {
  const Filter filter(no_exec), other("ret #ALLOW\n");
  Text policy, equal, different, possible, impossible, accepted, why;
  EXPECT_EQ(assay_explain(filter.handle, policy, nullptr), ASSAY_YES);
  EXPECT_NE(policy.str().find(R"x("syscalls":["execve"],"condition":null,"verdict":"ERRNO(1)")x"),
            std::string::npos)
      << policy.str();
  EXPECT_EQ(assay_diff(filter.handle, filter.handle, equal, nullptr), ASSAY_YES);
  EXPECT_EQ(assay_diff(filter.handle, other.handle, different, nullptr), ASSAY_NO);
  EXPECT_NE(different.str().find(R"x("a":"ERRNO(1)","b":"ALLOW")x"), std::string::npos);
  EXPECT_EQ(assay_query(filter.handle, "arch == x86_64", "ERRNO", possible, nullptr), ASSAY_YES);
  EXPECT_NE(possible.str().find(R"("syscall":"execve")"), std::string::npos);
  EXPECT_EQ(assay_query(filter.handle, nullptr, "TRAP,LOG", impossible, nullptr), ASSAY_NO);
  EXPECT_EQ(assay_query(filter.handle, "arch = x86_64", "ERRNO", possible, why), ASSAY_BAD_USAGE);
  EXPECT_EQ(assay_check(no_exec.data(), no_exec.size(), "text", nullptr, accepted, nullptr),
            ASSAY_YES);
  EXPECT_NE(accepted.str().find(R"("accepted":true)"), std::string::npos);
}

TEST(AssayH, EveryDocumentSaysWhoWroteItByWhichRules) {
  const assay_options old{sizeof(assay_options), "linux-4.14", 0, 0};
  const Filter filter(no_exec, &old);
  Text checked, policy, difference, possible;
  EXPECT_EQ(assay_check(no_exec.data(), no_exec.size(), "text", &old, checked, nullptr), ASSAY_YES);
  EXPECT_EQ(assay_explain(filter.handle, policy, nullptr), ASSAY_YES);
  EXPECT_EQ(assay_diff(filter.handle, filter.handle, difference, nullptr), ASSAY_YES);
  EXPECT_EQ(assay_query(filter.handle, nullptr, "ERRNO", possible, nullptr), ASSAY_YES);
  const std::string start =
      R"({"assay":")" + std::string(assay_version()) + R"(","semantics":"linux-4.14",)";
  for (const Text* text : {&checked, &policy, &difference, &possible})
    EXPECT_EQ(text->str().substr(0, start.size()), start);
}

TEST(AssayH, LimitsAreKept) {
  const assay_options tight{sizeof(assay_options), nullptr, 1, 0};
  const Filter filter(no_exec, &tight);
  Text json, why;
  EXPECT_EQ(assay_explain(filter.handle, json, why), ASSAY_NOT_DECIDED);
  EXPECT_FALSE(why.str().empty());
  assay_filter* none = nullptr;
  const assay_options wrong{1, nullptr, 0, 0};
  EXPECT_EQ(assay_filter_read("", 0, nullptr, &wrong, &none, nullptr), ASSAY_BAD_USAGE);
}

TEST(AssayH, StacksOutliveTheirFilters) {
  assay_filter* stack = nullptr;
  {
    const Filter log("ret #LOG\n"), filter(no_exec);
    const assay_filter* const both[] = {log.handle, filter.handle};
    ASSERT_EQ(assay_filter_stack(both, 2, &stack, nullptr), ASSAY_YES);
  }
  assay_record record{};
  assay_answer answer;
  EXPECT_EQ(assay_run(stack, &record, &answer, nullptr), ASSAY_YES);
  EXPECT_STREQ(answer.verdict, "LOG");
  assay_filter_free(stack);
}

TEST(AssayH, ThreadsShareAFilter) {
  const Filter filter(no_exec);
  std::vector<std::string> found(8);
  std::vector<std::thread> threads;
  for (std::string& one : found)
    threads.emplace_back([&] {
      Text digest;
      EXPECT_EQ(assay_fingerprint(filter.handle, digest, nullptr), ASSAY_YES);
      one = digest.str();
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& one : found) EXPECT_EQ(one, found[0]);
  EXPECT_EQ(found[0].substr(0, 3), "a1:");
}

// All answers about filters; what a product is compared with is for the solver.
std::string answers(const Filter& filter, const Filter& other, const Filter& product) {
  Text policy, difference, possible, solved, equal;
  EXPECT_EQ(assay_explain(filter.handle, policy, nullptr), ASSAY_YES);
  EXPECT_EQ(assay_diff(filter.handle, other.handle, difference, nullptr), ASSAY_NO);
  EXPECT_EQ(assay_query(filter.handle, "nr > 50", "ERRNO", possible, nullptr), ASSAY_YES);
  EXPECT_EQ(assay_query(product.handle, nullptr, "TRAP", solved, nullptr), ASSAY_NO);
  EXPECT_EQ(assay_diff(product.handle, product.handle, equal, nullptr), ASSAY_YES);
  return policy.str() + difference.str() + possible.str() + solved.str() + equal.str();
}

TEST(AssayH, ThreadsAskSharedFiltersEverythingAtATime) {
  const assay_options tight{sizeof(assay_options), nullptr, 1000, 0};
  const Filter filter(no_exec), other("ret #ALLOW\n");
  const Filter product(
      "ld [args[0].lo]\ntax\nld [args[1].hi]\nmul x\njeq #77, +0, +1\n"
      "ret #ERRNO(1)\nret #ALLOW\n",
      &tight);
  const std::string alone = answers(filter, other, product);
  std::vector<std::string> found(4);
  std::vector<std::thread> threads;
  for (std::string& one : found)
    threads.emplace_back([&] {
      for (int i = 0; i < 3; ++i) one = answers(filter, other, product);
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& one : found) EXPECT_EQ(one, alone);
}

}  // namespace
