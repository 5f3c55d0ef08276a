// The filters of examples/ and what they say: every one is read, accepted, and asked for the
// records beside it by every engine there is. tests/data/examples holds the same records with
// their verdicts, which were worked out by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "assay/engine/filter_stack.hpp"
#include "assay/load/filter.hpp"
#include "assay/load/record.hpp"
#include "assay/text/assembly.hpp"
#include "assay/text/rejection.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "engine/agreement.hpp"

namespace assay {
namespace {

namespace fs = std::filesystem;

const fs::path examples_dir = fs::path(ASSAY_SOURCE_DIR) / "examples";
const fs::path records_dir = examples_dir / "records";
const fs::path verdicts_dir = fs::path(ASSAY_SOURCE_DIR) / "tests/data/examples";

bool is_filter(const fs::path& path) {
  return path.extension() == ".asm" || path.extension() == ".bpf";
}

std::set<fs::path> entries(const fs::path& folder) {
  return {fs::directory_iterator(folder), fs::directory_iterator()};
}

// By name; a folder of filters is a stack, oldest first.
std::map<std::string, std::vector<fs::path>> all_examples() {
  std::map<std::string, std::vector<fs::path>> found;
  for (const fs::path& path : entries(examples_dir)) {
    if (is_filter(path)) found[path.stem().string()].push_back(path);
    if (!fs::is_directory(path)) continue;
    for (const fs::path& inner : entries(path))
      if (is_filter(inner)) found[path.filename().string()].push_back(inner);
  }
  return found;
}

std::set<std::string> stems(const fs::path& folder) {
  std::set<std::string> found;
  for (const fs::path& path : entries(folder)) found.insert(path.stem().string());
  return found;
}

std::vector<std::string> lines(const fs::path& path) {
  std::ifstream file(path);
  std::vector<std::string> result;
  for (std::string line; std::getline(file, line);) result.push_back(line);
  return result;
}

TEST(Examples, EachHasRecordsAndVerdictsAndNoneIsLeftOver) {
  std::set<std::string> names;
  for (const auto& [name, files] : all_examples()) {
    names.insert(name);
    if (files.front().parent_path() == examples_dir) {
      EXPECT_EQ(files.size(), 1u) << name;
    }
  }
  EXPECT_GE(names.size(), 6u);
  EXPECT_EQ(stems(records_dir), names);
  EXPECT_EQ(stems(verdicts_dir), names);
}

class Example : public testing::TestWithParam<std::pair<const std::string, std::vector<fs::path>>> {
 protected:
  void SetUp() override {
    for (const fs::path& path : GetParam().second) {
      const auto loaded = load::load_filters(path.string());
      ASSERT_TRUE(loaded) << describe(loaded.error());
      ASSERT_EQ(loaded->size(), 1u);
      const auto program = verify::accept(loaded->front().instructions);
      ASSERT_TRUE(program) << path << ": " << text::to_text(program.error());
      programs_.push_back(*program);
    }
    for (const std::string& line : lines(verdicts_dir / (GetParam().first + ".ndjson"))) {
      auto row = nlohmann::json::parse(line);
      verdicts_.push_back(row.at("verdict"));
      row.erase("verdict");
      rows_.push_back(row);
      const auto record = load::parse_record(row.dump());
      ASSERT_TRUE(record) << line << ": " << describe(record.error());
      records_.push_back(*record);
    }
    ASSERT_FALSE(records_.empty());
  }

  std::vector<verify::Program> programs_;
  std::vector<nlohmann::json> rows_;
  std::vector<seccomp::SeccompData> records_;
  std::vector<std::string> verdicts_;
};

TEST_P(Example, ReturnsTheVerdicts) {
  const engine::FilterStack stack(programs_);
  for (std::size_t i = 0; i < records_.size(); ++i)
    EXPECT_EQ(text::to_text(stack.run(records_[i])), verdicts_[i]) << rows_[i];
}

TEST_P(Example, ShipsTheseRecords) {
  std::vector<nlohmann::json> shipped;
  for (const std::string& line : lines(records_dir / (GetParam().first + ".ndjson")))
    shipped.push_back(nlohmann::json::parse(line));
  EXPECT_EQ(shipped, rows_);
}

TEST_P(Example, EveryEngineAgrees) {
  agreement::Tester tester;
  for (std::size_t i = 0; i < programs_.size(); ++i)
    tester.run({GetParam().first, 0, i}, programs_[i], records_);
  EXPECT_TRUE(agreement::agreed(GetParam().first, tester.report()));
}

TEST_P(Example, SurvivesTheWayToTextAndBack) {
  for (const verify::Program& program : programs_) {
    const auto again = text::assemble(text::disassemble(program.instructions()));
    ASSERT_TRUE(again) << "line " << again.error().line << ": " << again.error().found;
    EXPECT_TRUE(std::ranges::equal(*again, program.instructions()));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Example, testing::ValuesIn(all_examples()), [](const auto& example) {
  std::string name = example.param.first;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace assay
