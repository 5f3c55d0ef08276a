#include "assay/text/condition.hpp"

#include <gtest/gtest.h>

#include <random>

#include "assay/names/syscalls.hpp"
#include "data_cases.hpp"

namespace assay::text {
namespace {

using seccomp::Arch;
using symbolic::Condition;
using symbolic::Manager;
using symbolic::Order;

std::string printed(std::string_view text) {
  const auto expression = parse_condition(text);
  return expression ? to_text(*expression) : to_string(expression.error());
}

// tests/data/conditions: "-> accepted" or "-> rejected", then pairs of lines: what is read,
// and what is printed.
class ConditionData : public testing::TestWithParam<test::Case> {};

TEST_P(ConditionData, ReadsAndPrints) {
  std::vector<std::string> lines;
  const std::string& body = GetParam().body;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = std::min(body.find('\n', at), body.size());
    if (end > at) lines.push_back(body.substr(at, end - at));
    at = end + 1;
  }
  ASSERT_TRUE(!lines.empty() && lines.size() % 2 == 0);
  const bool accepted = GetParam().expected.at(0) == "accepted";
  for (std::size_t i = 0; i < lines.size(); i += 2) {
    EXPECT_EQ(parse_condition(lines[i]).has_value(), accepted) << lines[i];
    EXPECT_EQ(printed(lines[i]), lines[i + 1]) << lines[i];
    if (accepted) {
      EXPECT_EQ(printed(lines[i + 1]), lines[i + 1]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, ConditionData, testing::ValuesIn(test::cases("conditions")),
                         [](const auto& each) { return test::test_name(each.param); });

seccomp::Words record(Arch arch, std::uint32_t nr, std::array<std::uint64_t, 6> args = {},
                      std::uint64_t ip = 0) {
  const seccomp::ArchInfo& info = describe(arch);
  return seccomp::words({nr | info.nr_bit, info.audit, ip, args}, info.order);
}

bool holds(std::string_view text, const seccomp::Words& words) {
  Manager manager{Order::fixed()};
  const auto expression = parse_condition(text);
  EXPECT_TRUE(expression) << text;
  return inputs_of(manager, *expression).holds(words);
}

TEST(Condition, ReadsHalvesAsTheArchOrdersThem) {
  const std::uint64_t value = 0x1122334455667788;
  for (const Arch arch : {Arch::x86_64, Arch::s390x, Arch::mips, Arch::aarch64}) {
    const seccomp::Words words = record(arch, 7, {0, value, 5}, 0xfeed00000001);
    for (const char* text :
         {"arg1 == 0x1122334455667788", "arg1.lo == 0x55667788", "arg1.hi == 0x11223344",
          "arg1 > arg2", "arg2 in 4..6", "arg2.hi == 0", "ip == 0xfeed00000001", "ip.hi == 0xfeed",
          "(arg1 & 0xff) == 0x88", "(arg1 & arg2) == 0", "arg1 >= 0x1122334455667788", "nr == 7"})
      EXPECT_TRUE(holds(text, words)) << text << " " << describe(arch).token;
    for (const char* text : {"arg1 == 0x5566778811223344", "arg1.lo == 0x11223344", "arg1 < arg2",
                             "(arg1 & arg2) != 0", "arg1 <= 0x1122334455667787"})
      EXPECT_FALSE(holds(text, words)) << text << " " << describe(arch).token;
  }
}

TEST(Condition, GivesASystemCallTheNumberOfEachArch) {
  const auto openat = [](Arch arch) {
    return record(arch, names::syscall_number(arch, "openat").value() & ~seccomp::x32_bit);
  };
  for (const Arch arch : {Arch::x86_64, Arch::x86, Arch::x32, Arch::s390x, Arch::aarch64}) {
    EXPECT_TRUE(holds("syscall == openat", openat(arch)));
    EXPECT_TRUE(holds("syscall in {read, openat}", openat(arch)));
    EXPECT_FALSE(holds("syscall != openat", openat(arch)));
  }
  EXPECT_FALSE(holds("syscall == openat", record(Arch::x86, 257)));
  EXPECT_FALSE(holds("syscall == openat", record(Arch::alpha, 257)));
}

TEST(Condition, TakesTheArchesBesideASystemCall) {
  const seccomp::Words plain = record(Arch::x86_64, 257);
  const seccomp::Words x32 = record(Arch::x32, 257);
  EXPECT_TRUE(holds("arch == x86_64 && syscall == openat", plain));
  EXPECT_FALSE(holds("arch == x86_64 && syscall == openat", x32));
  EXPECT_TRUE(holds("arch == x86_64 && nr == 0x40000101", x32));
  EXPECT_TRUE(holds("arch == x32 && syscall == openat", x32));
  EXPECT_TRUE(holds("arch == x32", record(Arch::x32, 9999)));
  EXPECT_FALSE(holds("arch == x32", plain));
  EXPECT_TRUE(holds("arch in {x86, x32} && (syscall == read || syscall == openat)", x32));
  EXPECT_TRUE(holds("arch == 0xc000003e && syscall == openat", x32));
  EXPECT_TRUE(holds("!(arch == x86_64 && syscall == openat)", x32));
  EXPECT_FALSE(holds("!(arch == x86_64 && syscall == openat)", plain));
  EXPECT_FALSE(holds("arch == x86_64 && arch == x86", plain));
}

TEST(Condition, CutsNegativeNumbersToTheField) {
  EXPECT_TRUE(holds("nr == -1", record(Arch::x86_64, 0xffffffff)));
  EXPECT_TRUE(holds("arg0 == AT_FDCWD", record(Arch::x86_64, 0, {~std::uint64_t{99}})));
  EXPECT_FALSE(holds("arg0 == AT_FDCWD", record(Arch::x86_64, 0, {0xffffff9c})));
  EXPECT_TRUE(holds("arg0.lo == AT_FDCWD", record(Arch::x86_64, 0, {0xffffff9c})));
}

TEST(Condition, KnowsWhetherFieldsAreRelated) {
  for (const char* text : {"arg0 < arg1", "nr == 1 || !(arg0.lo & arg1.lo) == 0", "arg0 == nr"})
    EXPECT_TRUE(relates_fields(parse_condition(text).value())) << text;
  for (const char* text : {"arg0 < 1", "nr == 1 && arg1 in 1..2", "syscall == read", "true"})
    EXPECT_FALSE(relates_fields(parse_condition(text).value())) << text;
}

TEST(Condition, BoundsNestingAndLength) {
  const auto nested = [](std::size_t depth, const char* open, const char* close) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += open;
    text += "nr == 1";
    for (std::size_t i = 0; i < depth; ++i) text += close;
    return parse_condition(text);
  };
  EXPECT_TRUE(nested(condition_depth, "(", ")"));
  EXPECT_TRUE(nested(condition_depth, "!", ""));
  EXPECT_EQ(nested(condition_depth + 1, "(", ")").error().column, condition_depth + 1);
  EXPECT_EQ(nested(1'000'000, "!", "").error().expected, "less nesting");
  const auto many = nested(condition_limit, " ", " ");
  EXPECT_EQ(many.error().column, condition_limit + 1);
}

TEST(Condition, SurvivesAnyText) {
  const std::vector<std::string> pieces{
      "arg0",  "arg1.lo", "nr",   "arch",   "syscall", "==",
      "!=",    "<",       "in",   "{",      "}",       "..",
      ",",     "&",       "&&",   "||",     "!",       "(",
      ")",     "1",       "0x10", "x86_64", "openat",  "-",
      "ip.hi", "true",    "\xff", "=",      "EPERM",   "99999999999999999999"};
  std::mt19937 random(7);
  std::size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (std::size_t i = random() % 9 + 1; i > 0; --i)
      text += pieces[random() % pieces.size()] + (random() % 4 == 0 ? "" : " ");
    const auto read = parse_condition(text);
    if (!read) {
      EXPECT_GE(read.error().column, 1U);
      EXPECT_LE(read.error().column, text.size() + 1);
      continue;
    }
    ++accepted;
    const auto again = parse_condition(to_text(*read));
    ASSERT_TRUE(again) << text;
    EXPECT_EQ(*again, *read) << text << " -> " << to_text(*read);
  }
  EXPECT_GT(accepted, 50U);
}

// Random expressions over a few fields: evaluated here, number by number.
class Draw {
 public:
  explicit Draw(std::uint32_t seed) : random_(seed) {}

  Expression expression(int depth) {
    if (depth == 0 || random_() % 3 == 0) return comparison();
    std::vector<Expression> parts{expression(depth - 1), expression(depth - 1)};
    switch (random_() % 3) {
      case 0: return all_of(std::move(parts));
      case 1: return any_of(std::move(parts));
      default: return negated(std::move(parts.front()));
    }
  }
  std::uint64_t value() {
    constexpr std::array<std::uint64_t, 8> some{0, 1,          2,           7,
                                                8, 0x80000000, 0x100000000, 0xffffffffffffffff};
    return some[random_() % some.size()];
  }

 private:
  Expression comparison() {
    Expression result;
    const Field field = random_() % 2 == 0 ? Field::Arg0 : Field::Arg3;
    const Half half = static_cast<Half>(random_() % 3);
    result.left = {{{field, half}}, {}};
    const std::uint64_t all = width({field, half}) == 32 ? 0xffffffff : ~std::uint64_t{0};
    if (random_() % 3 == 0) result.left.number = value() & all;
    if (random_() % 4 == 0) {
      result.kind = Expression::Kind::Within;
      const std::uint64_t a = value() & all;
      const std::uint64_t b = value() & all;
      result.numbers = {std::min(a, b), std::max(a, b)};
      return result;
    }
    result.kind = Expression::Kind::Compare;
    result.how = static_cast<symbolic::Comparison>(random_() % 6);
    if (random_() % 4 == 0) {
      result.right.inputs = {{Field::Arg1, Half::Both}};
    } else {
      result.right.number = value() & all;
    }
    return result;
  }

  std::mt19937 random_;
};

// A set of inputs and its expression are each other's inverse, on either byte order.
TEST(Condition, ExpressionsOfSetsAreEqualAndCanonical) {
  std::size_t found = 0;
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    Draw draw(seed);
    const Expression drawn = draw.expression(3);
    for (const std::endian order : {std::endian::little, std::endian::big}) {
      Manager manager{Order::fixed()};
      const Condition set = inputs_of(manager, drawn, order);
      const auto expression = expression_of(set, order);
      if (!expression) continue;
      ++found;
      const auto read = parse_condition(to_text(*expression));
      ASSERT_TRUE(read) << to_text(*expression);
      EXPECT_TRUE(manager.equal(inputs_of(manager, *read, order), set)) << to_text(drawn);
      Manager other{Order::fixed()};
      EXPECT_EQ(expression_of(inputs_of(other, *expression, order), order), expression)
          << to_text(drawn);
    }
  }
  EXPECT_GT(found, 74U);
}

TEST(Condition, FindsShortForms) {
  const std::vector<std::string> forms{
      "arg1 == 0x5412",
      "arg1 != 0x5412",
      "arg1.lo == 0x5412",
      "arg1.hi == 0",
      "arg0 in 38..40",
      "arg0 in {1, 2, 10}",
      "!(arg0 in {1, 2, 10})",
      "arg0 in {5, 9} || arg0 in 20..30",
      "arg0 <= 0xffff",
      "arg0 >= 0x1000",
      "(arg2 & 0x3) != 0",
      "(arg0 & 0x7e020000) == 0",
      "(arg0 & 0x6) != 6",
      "(arg0 & 0xf) in {2, 4}",
      "(arg0 & 0x80000000) == 0",
      "arg0 < arg1",
      "arg0 >= arg1",
      "arg2 == arg5",
      "arg0.lo != arg1.lo",
      "(arg0 & arg1) != 0",
      "(arg0 & arg1) == 0xf0f0",
      "(arg0.lo & arg1.lo) <= 0x1234",
      "(arg0 & 0xff00) == (arg1 & 0xff00)",
      "arg0 < arg1 && arg2 == 5",
      "arg0 < arg1 || arg2 == 5",
      "arg0 != arg1 && arg1 == arg2",
      "arg0 == 1 && (arg1 & 0x8) != 0 && arg2 in 3..7",
      "arg0 == 1 || (arg0 == 16 && arg2 == 9)",
      "arg0 == 16 && arg2 == 9",
      "arg0 != 16 || arg2 != 9",
      "(arg0 & 0x10) == 0 && arg0 != 5",
      "ip >= 0x7f0000000000",
      "(nr & 0x3) == 1",
  };
  for (const std::string& form : forms) {
    Manager manager{Order::fixed()};
    const auto wanted = parse_condition(form);
    ASSERT_TRUE(wanted) << form;
    const Condition set = inputs_of(manager, *wanted, std::endian::little);
    const auto found = expression_of(set, std::endian::little);
    ASSERT_TRUE(found) << form;
    EXPECT_TRUE(manager.equal(inputs_of(manager, *found, std::endian::little), set));
    EXPECT_LE(to_text(*found).size(), form.size() + 1) << form << " -> " << to_text(*found);
  }
}

}  // namespace
}  // namespace assay::text
