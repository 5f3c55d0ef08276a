#include "data_cases.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "assay/text/assembly.hpp"

namespace assay::test {
namespace {

[[noreturn]] void fail(const std::string& why) {
  std::cerr << why << '\n';
  std::exit(1);
}

void read(const std::filesystem::path& path, std::vector<Case>& into) {
  std::ifstream file(path);
  if (!file) fail("cannot read " + path.string());
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.starts_with('#')) continue;
    if (line.starts_with("== ")) {
      into.push_back(
          {path.filename().string() + ":" + std::to_string(number) + " " + line.substr(3), {}, {}});
    } else if (line.starts_with("-> ")) {
      into.back().expected.push_back(line.substr(3));
    } else if (!line.empty()) {
      into.back().body += line + '\n';
    }
  }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Case& shown) { return out << shown.name; }

std::vector<Case> cases(std::string_view folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(ASSAY_SOURCE_DIR "/tests/data") / folder))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Case> result;
  for (const auto& file : files) read(file, result);
  if (result.empty()) fail("no cases in tests/data/" + std::string(folder));
  for (const Case& one : result)
    if (one.expected.empty()) fail(one.name + ": nothing is expected");
  return result;
}

std::vector<std::string> split(std::string_view line) {
  std::istringstream words{std::string(line)};
  std::vector<std::string> result;
  for (std::string word; words >> word;) result.push_back(word);
  return result;
}

std::uint64_t parse_number(std::string_view text) {
  std::size_t used = 0;
  const std::string copy(text);
  std::uint64_t value = 0;
  try {
    value = std::stoull(copy, &used, 0);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != copy.size()) fail("not a number: '" + copy + "'");
  return value;
}

Range parse_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    const std::uint64_t value = parse_number(text);
    return {value, value};
  }
  return {parse_number(text.substr(0, dots)), parse_number(text.substr(dots + 2))};
}

std::vector<std::uint64_t> sampled(Range range) {
  std::vector<std::uint64_t> result;
  const std::uint64_t length = range.last - range.first;
  if (length < 64) {
    for (std::uint64_t i = 0; i <= length; ++i) result.push_back(range.first + i);
    return result;
  }
  return {range.first, range.first + 1, range.first + length / 2, range.last - 1, range.last};
}

std::vector<bpf::Instruction> assembled(const Case& of) {
  const auto instructions = text::assemble(of.body);
  if (!instructions) fail(of.name + ": does not assemble: " + to_string(instructions.error()));
  return *instructions;
}

std::string test_name(const Case& of) {
  std::string result = of.name;
  for (char& c : result)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return result;
}

}  // namespace assay::test
