#include "assay/sample/enumeration.hpp"

#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "assay/bpf/opcode.hpp"

namespace assay::sample {
namespace {

using Key = std::tuple<std::uint16_t, int, int, std::uint32_t>;
Key key(const bpf::Instruction& insn) { return {insn.code, insn.jt, insn.jf, insn.k}; }

TEST(Alphabet, CrossesTheFieldsThatAnOpcodeHas) {
  const Fields fields{{0, 1, 9}, {0, 5}, {0, 6, 7}};
  const std::uint16_t jeq_k = 0x15;
  const std::uint16_t jeq_x = 0x1d;
  const std::uint16_t ret_k = 0x06;
  const std::uint16_t tax = 0x07;
  const std::uint16_t unknown = 0xffff;
  EXPECT_EQ(alphabet(std::span(&jeq_k, 1), fields).size(), 3U * 2 * 3);
  EXPECT_EQ(alphabet(std::span(&jeq_x, 1), fields).size(), 2U * 3 + 1);
  EXPECT_EQ(alphabet(std::span(&ret_k, 1), fields).size(), 3U + 1);
  const Alphabet plain{{tax, 0, 0, 0}, {tax, 5, 7, 9}};
  EXPECT_EQ(alphabet(std::span(&tax, 1), fields), plain);
  EXPECT_EQ(alphabet(std::span(&unknown, 1), fields).size(), 2U);
}

TEST(Enumeration, HasEveryProgramOnce) {
  const Alphabet first{{0x00, 0, 0, 1}, {0x01, 0, 0, 1}, {0x80, 0, 0, 1}};
  const Alphabet second{{0x06, 0, 0, 0}, {0x16, 0, 0, 0}};
  const Enumeration programs({first, second, second});
  ASSERT_EQ(programs.size(), 12U);
  EXPECT_EQ(programs.length(), 3U);
  std::set<std::vector<Key>> seen;
  for (std::uint64_t index = 0; index < programs.size(); ++index) {
    std::vector<Key> keys;
    for (const bpf::Instruction& insn : programs[index]) keys.push_back(key(insn));
    seen.insert(keys);
  }
  EXPECT_EQ(seen.size(), 12U);
}

TEST(Enumeration, OfNoLetterIsEmpty) { EXPECT_EQ(Enumeration({Alphabet{}}).size(), 0U); }

TEST(Codes, KnownAndUnknownPartTheTable) {
  EXPECT_EQ(known_codes().size(), bpf::opcodes.size());
  for (const std::uint16_t code : unknown_codes()) EXPECT_EQ(bpf::find_opcode(code), nullptr);
}

}  // namespace
}  // namespace assay::sample
