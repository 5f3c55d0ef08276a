#include "assembly_rows.hpp"

namespace assay::test {
namespace {

std::string shown(const bpf::Instruction& insn) {
  return std::to_string(insn.code) + " " + std::to_string(insn.jt) + " " + std::to_string(insn.jf) +
         " " + std::to_string(insn.k);
}

}  // namespace

std::vector<std::string> expected_lines(const Case& row) {
  std::vector<std::string> lines;
  for (const std::string& line : row.expected) {
    const auto words = split(line);
    if (words[0] == "error" || words[0] == "suggestion") {
      lines.push_back(line);
      continue;
    }
    const bool repeated = words.size() > 4;
    const std::string one = std::to_string(parse_number(words.at(0))) + " " +
                            std::to_string(parse_number(words.at(1))) + " " +
                            std::to_string(parse_number(words.at(2))) + " " +
                            std::to_string(parse_number(words.at(3)));
    const std::uint64_t times = repeated ? parse_number(words[4].substr(1)) : 1;
    lines.insert(lines.end(), times, one);
  }
  return lines;
}

std::vector<std::string> shown(const bpf::Decoded& decoded, const Case& row) {
  std::vector<std::string> lines;
  if (decoded) {
    for (const bpf::Instruction& insn : *decoded) lines.push_back(shown(insn));
    return lines;
  }
  const bpf::DecodeError& error = decoded.error();
  lines.push_back("error " + std::to_string(error.line) + ":" + std::to_string(error.column) + " " +
                  std::string(name(error.kind)) + " " + error.found);
  // Rows that do not care about suggestions leave them out.
  if (row.expected.size() > 1) lines.push_back("suggestion " + error.suggestion);
  return lines;
}

}  // namespace assay::test
