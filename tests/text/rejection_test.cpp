#include "assay/text/rejection.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>

#include "assay/text/assembly.hpp"

namespace assay::text {
namespace {

struct Row {
  std::string_view program;
  std::string_view sentence;
};

const Row rows[] = {
    {".insn 0x106, 0, 0, 0", "instruction 0: code 0x0106 is no instruction that Linux knows"},
    {"div #0\nret a", "instruction 0: division by the constant 0"},
    {"lsh #32\nret a", "instruction 0: shift by 32, the largest constant shift is 31"},
    {"ld M[16]\nret a", "instruction 0: M[16], the last cell is M[15]"},
    {"tax\nja +300\nret a", "instruction 1: jump to 302, the last instruction is 2"},
    {"jeq #1, +9\nret a", "instruction 0: jump when true to 10, the last instruction is 1"},
    {"jeq #1, +0, +9\nret a", "instruction 0: jump when false to 10, the last instruction is 1"},
    {"ld [0xfffff001]\nret a",
     "instruction 0: offset 0xfffff001 is in the ancillary range and names no data there"},
    {"tax", "instruction 0: code 0x0007 (tax) is last, the last instruction must be ret"},
    {"ld M[3]\nret a", "instruction 0: M[3] is loaded where it may not have been stored"},
    {"ldh [0]\nret a", "instruction 0: code 0x0028 (ldh) is for socket filters only"},
    {"ld [64]\nret a", "instruction 0: load from offset 0x40, the last one in seccomp_data is 60"},
    {"ld [2]\nret a", "instruction 0: load from offset 2, which is not a multiple of 4"},
};

TEST(RejectionText, OneSentenceEach) {
  for (const Row& row : rows) {
    const auto instructions = assemble(row.program);
    ASSERT_TRUE(instructions) << row.program;
    const auto program = verify::accept(*instructions);
    ASSERT_FALSE(program) << row.program;
    EXPECT_EQ(to_text(program.error()), row.sentence);
  }
}

TEST(RejectionText, Lengths) {
  EXPECT_EQ(to_text(verify::accept({}).error()), "a filter needs at least one instruction");
  const std::vector<bpf::Instruction> long_one(5000, {0x06, 0, 0, 0});
  EXPECT_EQ(to_text(verify::accept(long_one).error()),
            "5000 instructions, the longest filter has 4096");
}

TEST(RejectionText, EveryKindHasItsOwn) {
  std::set<std::string> seen;
  for (int kind = 0; kind <= static_cast<int>(verify::RejectionKind::OffsetUnaligned); ++kind)
    seen.insert(to_text(verify::Rejection{22, 1, static_cast<verify::RejectionKind>(kind), 3, 2}));
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(verify::RejectionKind::OffsetUnaligned) + 1);
}

}  // namespace
}  // namespace assay::text
