// What systemd 252 really installed, captured from its services, against what is said of their
// unit files: the filters made of them, and what their options mean.
//
// The texts of the units opt-* lie in the corpus; those of the others are read where their
// Debian packages put them: installed, or where tools/setup unpacked them side by side.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>

#include "assay/profile/systemd_intent.hpp"
#include "assay/profile/systemd_stack.hpp"
#include "assay/symbolic/question.hpp"
#include "assay/verify/accept.hpp"
#include "corpus.hpp"
#include "data_cases.hpp"
#include "pattern.hpp"

namespace assay::profile {
namespace {

namespace fs = std::filesystem;
using symbolic::Manager;
using symbolic::VerdictFunction;

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<verify::Program> programs_of(const Unit& unit) {
  const auto compiled = compile_systemd(systemd_filters(unit, {}));
  EXPECT_TRUE(compiled) << (compiled ? "" : describe(compiled.error()));
  std::vector<verify::Program> programs;
  if (!compiled) return programs;
  for (const SystemdProgram& program : *compiled)
    programs.push_back(*verify::accept(program.instructions));
  return programs;
}

std::vector<verify::Program> programs_of(const test::CorpusStack& captured) {
  std::vector<verify::Program> programs;
  for (const test::CorpusFilter& filter : captured) programs.push_back(filter.program);
  return programs;
}

bool equal(std::span<const verify::Program> a, std::span<const verify::Program> b) {
  const auto answer = symbolic::decide_equal(a, b, {}, symbolic::Precision::Normalised, {}, {});
  return answer && answer->yes;
}

// Which of the two differ from what was captured: "", "compiled", "intent", or both.
std::string differing(const Unit& unit, const test::CorpusStack& captured) {
  Manager manager(symbolic::Order::fixed());
  const auto real = VerdictFunction::of_stack(manager, programs_of(captured));
  const auto compiled = VerdictFunction::of_stack(manager, programs_of(unit));
  const auto meant = systemd_intent(manager, unit.sandbox, {});
  if (!real || !compiled || !meant) return "not decided";
  std::string result;
  if (!manager.equal(*real, *compiled)) result += " compiled";
  if (!manager.equal(*real, *meant)) result += " intent";
  return result;
}

tl::expected<Unit, ReadError> read(const std::string& name, const fs::path& path) {
  const std::vector<UnitText> texts{{name, contents(path)}};
  return read_unit(texts, CallGroups::shipped());
}

TEST(SystemdCorpus, StacksOfUnitsWithOneOptionAreAsCaptured) {
  const auto captured = test::corpus_units(ASSAY_CORPUS);
  if (captured.empty()) GTEST_SKIP() << "no corpus in " << ASSAY_CORPUS;
  std::size_t compared = 0;
  for (const auto& [name, stack] : captured) {
    if (!name.starts_with("opt-")) continue;
    const auto unit = read(name, fs::path(ASSAY_CORPUS) / "units" / name);
    ASSERT_TRUE(unit) << name;
    EXPECT_EQ(differing(*unit, stack), "") << name;
    EXPECT_EQ(programs_of(*unit).size(), stack.size()) << name;
    ++compared;
  }
  EXPECT_EQ(compared, 82U);
}

// A unit of which nothing was captured, since all that it lists is unknown to systemd 252.
TEST(SystemdCorpus, AnEmptyDenyListInstallsNothing) {
  const fs::path path = fs::path(ASSAY_CORPUS) / "units/opt-dsandbox.service";
  if (!fs::exists(path)) GTEST_SKIP() << "no corpus in " << ASSAY_CORPUS;
  const auto unit = read("opt-dsandbox.service", path);
  ASSERT_TRUE(unit);
  EXPECT_TRUE(systemd_filters(*unit, {}).empty());
  ASSERT_EQ(unit->findings.size(), 1U);
  EXPECT_NE(unit->findings[0].message.find("@sandbox"), std::string::npos);
}

struct PackagedUnit {
  std::string name;
  std::string package;
  std::string path;
  std::optional<std::size_t> first;  // of its filters, that were captured alone
};

std::vector<PackagedUnit> packaged_units() {
  std::vector<PackagedUnit> units;
  std::ifstream table(ASSAY_SOURCE_DIR "/tests/data/profile/systemd/units.txt");
  for (std::string line; std::getline(table, line);) {
    if (line.empty() || line.front() == '#') continue;
    const auto words = test::split(line);
    PackagedUnit unit{words.at(0), words.at(1), words.at(2), {}};
    if (words.size() > 3) unit.first = test::parse_number(words[3].substr(words[3].find('=') + 1));
    units.push_back(std::move(unit));
  }
  return units;
}

const fs::path unpacked = ASSAY_SOURCE_DIR "/build/packages";

fs::path found(const PackagedUnit& unit) {
  for (const fs::path& root : {unpacked, fs::path("/")})
    if (fs::exists(root / unit.path.substr(1))) return root / unit.path.substr(1);
  return {};
}

// Packages of the table that are neither installed nor unpacked.
std::set<std::string> missing_packages() {
  std::set<std::string> missing;
  for (const PackagedUnit& row : packaged_units())
    if (found(row).empty()) missing.insert(row.package);
  return missing;
}

// " a b c"
std::string listed(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += " " + name;
  return text;
}

TEST(SystemdCorpus, StacksOfUnitsInPackagesAreAsCaptured) {
  const auto captured = test::corpus_units(ASSAY_CORPUS);
  if (captured.empty()) GTEST_SKIP() << "no corpus in " << ASSAY_CORPUS;
  std::size_t compared = 0;
  const auto units = packaged_units();
  for (const PackagedUnit& row : units) {
    ASSERT_TRUE(captured.contains(row.name)) << row.name;
    const fs::path path = found(row);
    if (path.empty()) continue;
    const auto unit = read(row.name, path);
    ASSERT_TRUE(unit) << row.name;
    ++compared;
    const test::CorpusStack& real = captured.at(row.name);
    auto programs = programs_of(*unit);
    if (row.first) {
      ASSERT_GT(programs.size(), *row.first) << row.name;
      programs.resize(*row.first, programs.front());
      EXPECT_TRUE(equal(programs, programs_of(real))) << row.name;
    } else {
      EXPECT_EQ(differing(*unit, real), "") << row.name;
    }
    EXPECT_EQ(programs.size(), real.size()) << row.name;
  }
  if (const auto missing = missing_packages(); !missing.empty())
    GTEST_SKIP() << compared << " of " << units.size()
                 << " units are as captured; neither installed nor unpacked:" << listed(missing);
  EXPECT_EQ(compared, units.size());
}

// Unit files where their packages put them: those of installed packages by dpkg's lists of
// files, and all that were unpacked.
std::set<fs::path> unit_files() {
  static const test::Pattern unit(R"(.*/systemd/(system|user)/[^/]+\.(service|socket|mount|swap))");
  std::set<fs::path> files;
  const auto add = [&](const fs::path& path) {
    std::error_code error;
    if (unit.whole(path.string()) && fs::is_regular_file(path, error)) files.insert(path);
  };
  std::ifstream packages(ASSAY_SOURCE_DIR "/tests/data/profile/systemd/packages.txt");
  for (std::string package; std::getline(packages, package);)
    for (const char* const arch : {"", ":amd64"}) {
      std::ifstream list("/var/lib/dpkg/info/" + package + arch + ".list");
      for (std::string path; std::getline(list, path);) add(path);
    }
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(unpacked, error)) add(entry.path());
  return files;
}

TEST(SystemdCorpus, AtLeastAHundredUnitFilesOfPackagesAreReadCompiledAndVerified) {
  std::size_t restricted = 0;
  const auto files = unit_files();
  for (const fs::path& path : files) {
    const auto unit = read(path.filename().string(), path);
    ASSERT_TRUE(unit) << path << ": " << unit.error().found;
    const auto programs = programs_of(*unit);
    Manager manager(symbolic::Order::fixed());
    const auto compiled = VerdictFunction::of_stack(manager, programs);
    const auto meant = systemd_intent(manager, unit->sandbox, {});
    ASSERT_TRUE(compiled && meant) << path;
    EXPECT_TRUE(manager.equal(*compiled, *meant)) << path;
    restricted += programs.empty() ? 0 : 1;
  }
  std::cout << files.size() << " unit files, " << restricted << " of which install filters\n";
  constexpr std::size_t wanted = 100;
  if (const auto missing = missing_packages(); files.size() < wanted && !missing.empty())
    GTEST_SKIP() << files.size() << " unit files here, of which all were verified; " << wanted
                 << " are wanted; neither installed nor unpacked:" << listed(missing);
  EXPECT_GE(files.size(), wanted);
  EXPECT_GT(restricted, 10U);
}

}  // namespace
}  // namespace assay::profile
