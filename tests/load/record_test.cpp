#include "assay/load/record.hpp"

#include <gtest/gtest.h>

namespace assay::load {
namespace {

using seccomp::SeccompData;
constexpr std::uint32_t x86_64 = 0xc000003e;

TEST(Record, FromJson) {
  struct Row {
    std::string_view line;
    SeccompData record;
  };
  const Row rows[] = {
      {"{}", {}},
      {R"({"arch":"x86_64","nr":257,"syscall":"openat","ip":0,"args":[0,0,0,0,0,0]})",
       {257, x86_64, 0, {}}},
      {R"({"syscall":"openat","arch":"x86_64"})", {257, x86_64, 0, {}}},
      {R"({"arch":"aarch64","syscall":"openat"})", {56, 0xc00000b7, 0, {}}},
      {R"({"arch":"x32","syscall":"openat"})", {0x40000101, x86_64, 0, {}}},
      {R"({"arch":"x32","nr":257})", {0x40000101, x86_64, 0, {}}},
      {R"({"arch":"x32","nr":257,"syscall":"openat"})", {0x40000101, x86_64, 0, {}}},
      {R"({"arch":"x86_64","nr":1073742081,"syscall":"openat"})", {0x40000101, x86_64, 0, {}}},
      {R"({"arch":3221225534,"syscall":"read"})", {0, x86_64, 0, {}}},
      {R"({"arch":"0xc000003e","nr":"0x10"})", {16, x86_64, 0, {}}},
      {R"({"arch":"AUDIT_ARCH_I386","syscall":"execve"})", {11, 0x40000003, 0, {}}},
      {R"({"arch":7,"nr":1,"syscall":"whatever"})", {1, 7, 0, {}}},
      {R"({"arch":"x86_64","nr":9999,"syscall":"from_the_future"})", {9999, x86_64, 0, {}}},
      {R"({"nr":-1})", {0xffffffff, 0, 0, {}}},
      {R"({"nr":4294967295})", {0xffffffff, 0, 0, {}}},
      {R"({"nr":-2147483648})", {0x80000000, 0, 0, {}}},
      {R"({"ip":18446744073709551615})", {0, 0, 0xffffffffffffffff, {}}},
      {R"({"ip":"0xffffffffffffffff"})", {0, 0, 0xffffffffffffffff, {}}},
      {R"({"ip":9007199254740993})", {0, 0, 9007199254740993, {}}},
      {R"({"args":[1,"2","0x3",-1,"-0x2","AT_FDCWD"]})",
       {0, 0, 0, {1, 2, 3, 0xffffffffffffffff, 0xfffffffffffffffe, 0xffffffffffffff9c}}},
      {R"({"args":[null,7]})", {0, 0, 0, {0, 7}}},
      {R"({"args":[]})", {}},
      {R"({"arch":null,"nr":null,"syscall":null,"ip":null,"args":null})", {}},
      {R"({"assay":"0.1.0","semantics":"linux-6.18","nr":3})", {3, 0, 0, {}}},
      {R"({"comment":{"args":[1],"nr":[[2]]},"nr":3})", {3, 0, 0, {}}},
      {R"( { "nr" : 3 } )", {3, 0, 0, {}}},
      {R"({"\u006er":3})", {3, 0, 0, {}}},
  };
  for (const Row& row : rows) {
    const auto record = parse_record(row.line);
    ASSERT_TRUE(record) << row.line << ": " << describe(record.error());
    EXPECT_EQ(*record, row.record) << row.line;
  }
}

TEST(Record, WrongJson) {
  struct Row {
    std::string_view line;
    std::size_t column;
    std::string_view field;
    std::string_view found;
  };
  const Row rows[] = {
      {"", 1, "", "the end of the line"},
      {"{", 2, "", "the end of the line"},
      {"{}}", 3, "", "'}'"},
      {"nr", 2, "", "'r'"},
      {"7", 0, "", "7"},
      {"null", 0, "", "null"},
      {"\"nr\"", 0, "", "'nr'"},
      {"[]", 0, "", "an array"},
      {R"({"nr":true})", 0, "nr", "'true'"},
      {R"({"nr":4294967296})", 0, "nr", "'4294967296'"},
      {R"({"nr":-2147483649})", 0, "nr", "'-2147483649'"},
      {R"({"nr":1.0})", 0, "nr", "'1.0'"},
      {R"({"nr":1e3})", 0, "nr", "'1e3'"},
      {R"({"nr":[1]})", 0, "nr", "an array"},
      {R"({"nr":{}})", 0, "nr", "an object"},
      {R"({"nr":1,"nr":1})", 0, "nr", "a second value"},
      {R"({"arch":"i386"})", 0, "arch", "'i386'"},
      {R"({"arch":4294967296})", 0, "arch", "'4294967296'"},
      {R"({"syscall":7})", 0, "syscall", "7"},
      {R"({"syscall":"read"})", 0, "syscall", "'read'"},
      {R"({"arch":"x86_64","syscall":"socketcall"})", 0, "syscall", "'socketcall'"},
      {R"({"arch":"x86_64","syscall":"read","nr":1})", 0, "syscall", "'read'"},
      {R"({"ip":18446744073709551616})", 0, "ip", "18446744073709551616"},
      {R"({"ip":"1 "})", 0, "ip", "'1 '"},
      {R"({"ip":""})", 0, "ip", "''"},
      {R"({"args":[[1]]})", 0, "args", "an array"},
      {R"({"args":[0,{}]})", 0, "args[0]", "an object"},
      {R"({"args":"1"})", 0, "args", "'1'"},
      {R"({"args":[0,0,0,0,0,0,0]})", 0, "args[6]", "a seventh value"},
      {R"({"args":[0,"AT_FDCDW"]})", 0, "args[1]", "'AT_FDCDW'"},
      {R"({"argz":[0]})", 0, "", "field 'argz'"},
  };
  for (const Row& row : rows) {
    const auto record = parse_record(row.line);
    ASSERT_FALSE(record) << row.line;
    EXPECT_EQ(record.error().column, row.column) << row.line;
    EXPECT_EQ(record.error().field, row.field) << row.line;
    EXPECT_EQ(record.error().found, row.found) << row.line;
    EXPECT_FALSE(record.error().expected.empty()) << row.line;
  }
}

TEST(Record, Suggestions) {
  EXPECT_EQ(parse_arch("x86_46").error().suggestion, "x86_64");
  EXPECT_EQ(parse_value("AT_FDCDW").error().suggestion, "AT_FDCWD");
  EXPECT_EQ(parse_record(R"({"argz":1})").error().suggestion, "args");
  EXPECT_EQ(parse_record(R"({"arch":"x86_64","syscall":"openta"})").error().suggestion, "openat");
}

TEST(Record, Arguments) {
  using Pair = std::pair<std::size_t, std::uint64_t>;
  EXPECT_EQ(*parse_argument("0=0"), Pair(0, 0));
  EXPECT_EQ(*parse_argument("5=0x10"), Pair(5, 16));
  EXPECT_EQ(*parse_argument("1=-1"), Pair(1, 0xffffffffffffffff));
  EXPECT_EQ(*parse_argument("0=AT_FDCWD"), Pair(0, 0xffffffffffffff9c));
  for (const std::string_view wrong : {"", "0", "=", "0=", "6=0", "-1=0", "00=0", "0:0", "x=0"})
    EXPECT_FALSE(parse_argument(wrong)) << wrong;
}

}  // namespace
}  // namespace assay::load
