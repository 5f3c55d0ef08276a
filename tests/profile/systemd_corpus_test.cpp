// What systemd 252 really installed, captured from its services, against what is said of their
// unit files: the filters made of them, and what their options mean.
//
// The texts of the units opt-* lie in the corpus; those of the others are read where their
// Debian packages put them, below $ASSAY_UNITS (packages unpacked side by side) or installed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "assay/profile/systemd_intent.hpp"
#include "assay/profile/systemd_stack.hpp"
#include "assay/symbolic/question.hpp"
#include "assay/verify/accept.hpp"
#include "corpus.hpp"
#include "data_cases.hpp"

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

fs::path found(const PackagedUnit& unit) {
  std::vector<fs::path> roots{"/"};
  if (const char* const unpacked = std::getenv("ASSAY_UNITS"))
    roots.insert(roots.begin(), unpacked);
  for (const fs::path& root : roots)
    if (fs::exists(root / unit.path.substr(1))) return root / unit.path.substr(1);
  return {};
}

TEST(SystemdCorpus, StacksOfUnitsInPackagesAreAsCaptured) {
  const auto captured = test::corpus_units(ASSAY_CORPUS);
  if (captured.empty()) GTEST_SKIP() << "no corpus in " << ASSAY_CORPUS;
  std::string missing;
  std::size_t compared = 0;
  for (const PackagedUnit& row : packaged_units()) {
    ASSERT_TRUE(captured.contains(row.name)) << row.name;
    const fs::path path = found(row);
    if (path.empty()) {
      missing += " " + row.package + ":" + row.name;
      continue;
    }
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
  EXPECT_GT(compared + missing.size(), 0U);
  if (!missing.empty())
    GTEST_SKIP() << compared << " units compared; not unpacked or installed:" << missing;
}

// Unit files where their packages put them: those of installed packages by dpkg's lists of
// files, and all below $ASSAY_UNITS.
std::vector<fs::path> unit_files() {
  static const std::regex unit(R"(.*/systemd/(system|user)/[^/]+\.(service|socket|mount|swap))");
  std::vector<fs::path> files;
  const auto add = [&](const std::string& path) {
    std::error_code error;
    if (std::regex_match(path, unit) && fs::is_regular_file(path, error)) files.emplace_back(path);
  };
  std::ifstream packages(ASSAY_SOURCE_DIR "/tests/data/profile/systemd/packages.txt");
  for (std::string package; std::getline(packages, package);)
    for (const char* const arch : {"", ":amd64"}) {
      std::ifstream list("/var/lib/dpkg/info/" + package + arch + ".list");
      for (std::string path; std::getline(list, path);) add(path);
    }
  std::error_code error;
  if (const char* const unpacked = std::getenv("ASSAY_UNITS"))
    for (const auto& entry : fs::recursive_directory_iterator(unpacked, error))
      add(entry.path().string());
  return files;
}

TEST(SystemdCorpus, UnitFilesOfPackagesAreReadCompiledAndVerified) {
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
  constexpr std::size_t wanted = 100;
  if (files.size() < wanted)
    GTEST_SKIP() << files.size() << " unit files here, of which all were verified; " << wanted
                 << " are wanted, in packages of tests/data/profile/systemd/packages.txt";
  EXPECT_GT(restricted, 10U);
}

}  // namespace
}  // namespace assay::profile
