#include "corpus.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "assay/bpf/codec.hpp"
#include "assay/verify/accept.hpp"
#include "pattern.hpp"

namespace assay::test {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bpf::Decoded instructions_in(const fs::path& path) {
  const std::string bytes = contents(path);
  return bpf::decode(bpf::bytes_of(bytes), bpf::Format::Raw);
}

std::optional<verify::Program> program_in(const fs::path& path) {
  const auto instructions = instructions_in(path);
  if (!instructions) return std::nullopt;
  const auto program = verify::accept(*instructions);
  return program ? std::optional(*program) : std::nullopt;
}

struct NamedStack {
  std::string unit;  // empty for what is no unit
  CorpusStack stack;
};

std::vector<NamedStack> named_stacks(std::string_view folder) {
  std::map<std::string, verify::Program> programs;
  for (const CorpusFilter& filter : corpus_filters(folder))
    programs.emplace(filter.file, filter.program);
  const std::string json = contents(fs::path(folder) / "stacks.json");
  // Only these fields are wanted, so that no reader of JSON is.
  static const Pattern unit(R"re("unit":\s*"([^"]*)")re");
  static const Pattern list(R"re("filters":\s*\[([^\]]*)\])re");
  static const Pattern quoted(R"re("([^"]*)")re");
  std::vector<NamedStack> result;
  for (auto from = json.find('{'); from != json.npos; from = json.find('{', from + 1)) {
    const std::string object = json.substr(from, json.find('}', from) - from);
    const auto filters = list.first(object);
    if (!filters) continue;
    NamedStack named;
    if (const auto found = unit.first(object)) named.unit = (*found)[1];
    for (const Match& name : quoted.all((*filters)[1]))
      named.stack.push_back({name[1], programs.at(name[1])});
    result.push_back(std::move(named));
  }
  return result;
}

}  // namespace

std::vector<CorpusFilter> corpus_filters(std::string_view folder) {
  std::vector<CorpusFilter> result;
  if (!fs::exists(folder)) return result;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".bpf") continue;
    if (const auto program = program_in(entry.path()))
      result.push_back({entry.path().filename().string(), *program});
  }
  std::sort(result.begin(), result.end(),
            [](const CorpusFilter& a, const CorpusFilter& b) { return a.file < b.file; });
  return result;
}

std::vector<CorpusAnswer> corpus_answers(std::string_view folder) {
  std::vector<CorpusAnswer> result;
  static const Pattern row(R"re("file":\s*"([^"]*)".*"kernel_load_errno":\s*(\d+))re");
  std::ifstream manifest(fs::path(folder) / "manifest.json");
  for (std::string line; std::getline(manifest, line);) {
    const auto found = row.first(line);
    if (!found) continue;
    const std::string& file = (*found)[1];
    result.push_back(
        {file, instructions_in(fs::path(folder) / file).value(), std::stoi((*found)[2])});
  }
  return result;
}

std::set<std::string> corpus_files(std::string_view folder) {
  std::set<std::string> result;
  if (!fs::exists(folder)) return result;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".bpf")
      result.insert(entry.path().lexically_relative(folder).string());
  return result;
}

std::vector<CorpusStack> corpus_stacks(std::string_view folder) {
  std::vector<CorpusStack> result;
  for (NamedStack& named : named_stacks(folder)) result.push_back(std::move(named.stack));
  return result;
}

std::map<std::string, CorpusStack> corpus_units(std::string_view folder) {
  std::map<std::string, CorpusStack> result;
  for (NamedStack& named : named_stacks(folder))
    if (!named.unit.empty()) result.emplace(named.unit, std::move(named.stack));
  return result;
}

}  // namespace assay::test
