// Cases of a test, kept as data: each .txt file of a folder under tests/data holds blocks
//
//   == what the rule is
//   -> what is expected
//   the program, in assembly
//
// Every file of the folder is read, so that none can go unrun; tests/data_test.py sees to it
// that every folder has a reader, and looks for cases("FOLDER"). '#' starts a comment line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "assay/bpf/instruction.hpp"

namespace assay::test {

struct Case {
  std::string name;  // file:line and the rule
  std::vector<std::string> expected;
  std::string body;
};

std::ostream& operator<<(std::ostream& out, const Case& shown);

// The cases of tests/data/FOLDER; fails the program when there is none.
std::vector<Case> cases(std::string_view folder);

// A word list, split at blanks.
std::vector<std::string> split(std::string_view line);

// "0x10", "16", or "3..9"; fails the program on anything else.
struct Range {
  std::uint64_t first;
  std::uint64_t last;
};
Range parse_range(std::string_view text);
std::uint64_t parse_number(std::string_view text);
// All of a short range; the ends, their neighbours and the middle of a long one.
std::vector<std::uint64_t> sampled(Range range);

// The body as instructions; fails the program when it does not assemble.
std::vector<bpf::Instruction> assembled(const Case& of);

// Letters and digits of a case's name, as GoogleTest wants them.
std::string test_name(const Case& of);

}  // namespace assay::test
