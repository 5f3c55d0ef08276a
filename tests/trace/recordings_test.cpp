// The recordings of docs/replay.md, made with the programs of one machine and every option of
// strace: what each tells of one and the same program must agree.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "assay/trace/judge.hpp"
#include "assay/trace/reader.hpp"
#include "trace/rendered.hpp"

namespace assay::trace {
namespace {

namespace fs = std::filesystem;

class Corpus : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(folder())) GTEST_SKIP() << "no recordings in " << folder();
  }
  static fs::path folder() { return fs::path(ASSAY_CORPUS).parent_path() / "traces"; }

  static std::string text(const std::string& name) {
    std::ifstream file(folder() / (name + ".txt"), std::ios::binary);
    EXPECT_TRUE(file) << name;
    return {std::istreambuf_iterator<char>(file), {}};
  }

  struct Read {
    Format format{};
    std::vector<Call> calls;
    std::uint64_t not_understood = 0;
  };
  static Read read(const std::string& name) {
    const std::string all = text(name);
    const Format format = detect(all);
    const auto reader = make_reader(format, {});
    auto calls = read_all(*reader, all);
    return {format, std::move(calls), reader->skipped(Skip::NotUnderstood).count};
  }

  // "x86_64 257", without what was left out: marks of doubt, arguments.
  static std::vector<std::string> numbers(const std::vector<Call>& calls) {
    std::vector<std::string> result;
    for (const Call& call : calls)
      result.push_back(std::to_string(call.data.arch) + " " + std::to_string(call.data.nr) +
                       call.name);
    return result;
  }
};

TEST_F(Corpus, FormatsAreFoundOutAndEveryLineIsUnderstood) {
  const std::map<std::string, Format> others{{"audit-ausearch-i", Format::Audit},
                                             {"audit-dmesg", Format::Audit},
                                             {"audit-raw", Format::Audit},
                                             {"count-c", Format::StraceSummary},
                                             {"perf-script-raw", Format::PerfScript},
                                             {"perf-script-raw-errno", Format::PerfScript},
                                             {"perf-trace", Format::PerfTrace},
                                             {"perf-trace-errno", Format::PerfTrace},
                                             {"perf-trace-modes", Format::PerfTrace},
                                             {"perf-trace-summary", Format::PerfSummary}};
  const std::map<std::string, std::uint64_t> noise{{"perf-trace", 10}};  // a newline in a path
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder())) {
    if (entry.path().extension() != ".txt") continue;
    const std::string name = entry.path().stem();
    const Read found = read(name);
    const auto other = others.find(name);
    EXPECT_EQ(found.format, other == others.end() ? Format::Strace : other->second) << name;
    EXPECT_FALSE(found.calls.empty()) << name;
    const auto expected = noise.find(name);
    EXPECT_EQ(found.not_understood, expected == noise.end() ? 0 : expected->second) << name;
    ++files;
  }
  EXPECT_EQ(files, 46U);
}

// One program, recorded in every style: the same calls in the same order.
TEST_F(Corpus, StylesAgreeOnTheCalls) {
  const auto expected = numbers(read("plain-n-eraw").calls);
  EXPECT_GT(expected.size(), 80U);
  for (const char* const name :
       {"plain-default", "plain-eraw", "plain-n-i-y", "plain-raw", "plain-verbose", "plain-yy-xx"})
    EXPECT_EQ(numbers(read(name).calls), expected) << name;
}

TEST_F(Corpus, AbisAreToldByNumbersMarkersAndRegisters) {
  const auto expected = numbers(read("modes-eraw").calls);
  EXPECT_EQ(numbers(read("modes-default").calls), expected);
}

// Where a decoded argument is said to be known, it is what -e raw=all printed. Addresses and
// process ids differ between runs.
TEST_F(Corpus, KnownBitsAreThoseOfTheRegisters) {
  const auto raw = read("plain-eraw").calls;
  std::size_t compared = 0;
  for (const char* const name :
       {"plain-default", "plain-n-i-y", "plain-raw", "plain-verbose", "plain-yy-xx"}) {
    const auto decoded = read(name).calls;
    ASSERT_EQ(decoded.size(), raw.size()) << name;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      for (std::size_t arg = 0; arg < 6; ++arg) {
        const std::uint64_t known = decoded[i].known.args[arg] & raw[i].known.args[arg];
        const std::uint64_t value = decoded[i].data.args[arg] & known;
        const bool address = value > 0xffffff && value < 0xf0000000 && value != 0xdeadbeef;
        const bool id = value > 20000 && value < 40000;
        if (known == 0 || address || id || value >> 32 == 0x7f) continue;
        const bool moved =
            (raw[i].data.args[arg] >> 40) == 0x7f || (raw[i].data.args[arg] >> 40) == 0x55;
        if (moved) continue;
        EXPECT_EQ(value, raw[i].data.args[arg] & known)
            << name << ": " << rendered(decoded[i]) << " beside " << rendered(raw[i]);
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 500U);
}

TEST_F(Corpus, RefusalsAreFound) {
  const auto recorded = [](const std::vector<Call>& calls) {
    std::vector<std::string> result;
    for (const Call& call : calls)
      if (call.recorded)
        result.push_back(
            std::to_string(call.data.nr) + " " +
            std::string(seccomp::actions[static_cast<std::size_t>(*call.recorded)].name));
    return result;
  };
  EXPECT_EQ(recorded(read("sec-trap").calls),
            (std::vector<std::string>{"110 TRAP", "63 TRAP", "39 TRAP"}));
  EXPECT_EQ(recorded(read("sec-killprocess").calls),
            (std::vector<std::string>{"110 KILL_PROCESS"}));
  EXPECT_EQ(recorded(read("audit-raw").calls).size(), read("audit-raw").calls.size());
  EXPECT_EQ(numbers(read("audit-dmesg").calls), numbers(read("audit-raw").calls));
  EXPECT_EQ(numbers(read("audit-ausearch-i").calls), numbers(read("audit-raw").calls));
}

TEST_F(Corpus, ThreadsAndTheirOrderDoNotChangeWhatIsCounted) {
  const auto count = [](const std::vector<Call>& calls) {
    std::map<std::uint32_t, std::size_t> result;
    for (const Call& call : calls)
      // How often these are made depends on the time.
      if (call.data.nr != 202 && call.data.nr != 219) ++result[call.data.nr];
    return result;
  };
  const auto expected = count(read("multi-f-o").calls);
  EXPECT_EQ(count(read("multi-f-stderr").calls), expected);
  EXPECT_EQ(count(read("multi-f-tt-T-n-Y").calls), expected);
  EXPECT_EQ(count(read("multi-ff").calls), expected);
}

}  // namespace
}  // namespace assay::trace
