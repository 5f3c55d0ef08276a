// Calls of the 32-bit ABI by 32-bit code beside the same calls by int $0x80.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "assay/engine/filter_stack.hpp"
#include "assay/engine/interpreter.hpp"
#include "assay/kernel/oracle.hpp"
#include "assay/sample/program.hpp"
#include "assay/sample/record.hpp"
#include "assay/verify/accept.hpp"
#include "kernel/tracees.hpp"

namespace assay::kernel {
namespace {

using seccomp::SeccompData;
using Filter = std::vector<bpf::Instruction>;

constexpr std::uint32_t native = 0xc000003e;
constexpr std::uint32_t narrow = 0x40000003;

class CompatTest : public testing::Test {
 protected:
  void SetUp() override {
    OracleLimits slow;
    slow.compat = false;
    auto by_code = Oracle::open();
    auto by_interrupt = Oracle::open(slow);
    if (!by_code || !by_interrupt) GTEST_SKIP() << "no oracle";
    by_code_.emplace(std::move(*by_code));
    by_interrupt_.emplace(std::move(*by_interrupt));
    if (by_code_->compat_pointer() == 0)
      GTEST_SKIP() << "this machine lets no process exchange its vDSO, or enters by sysenter";
  }
  std::optional<Oracle> by_code_;
  std::optional<Oracle> by_interrupt_;
};

std::vector<SeccompData> mixed_records(sample::Random& random,
                                       std::span<const bpf::Instruction> program) {
  auto records = sample::records(random, program, 24, {narrow, true});
  for (std::size_t i = 0; i < records.size(); i += 3) records[i].arch = native;
  std::erase_if(records, [](const SeccompData& data) { return Oracle::not_askable(data); });
  for (std::size_t i = 0; i < records.size(); ++i) {
    // As 32-bit code has them; halves that differ; those that share a register.
    if (i % 4 == 0)
      for (std::uint64_t& arg : records[i].args) arg &= 0xffffffff;
    if (i % 4 == 1) records[i].args[5] = records[i].args[1] ^ (i << 8);
  }
  return records;
}

TEST_F(CompatTest, BothDoorsGiveTheSameValues) {
  std::size_t compared = 0;
  for (std::uint64_t index = 0; index < 400; ++index) {
    sample::Random random(41, index);
    const auto program = sample::accepted_program(random, 64);
    const auto records = mixed_records(random, program.instructions());
    const auto quick = by_code_->value(program, records);
    const auto slow = by_interrupt_->value(program, records);
    ASSERT_TRUE(quick && slow) << index;
    const engine::Interpreter interpreter(program);
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (!quick->at(i) || !slow->at(i)) continue;
      ++compared;
      ASSERT_EQ(*quick->at(i), *slow->at(i)) << index << " " << i;
      ASSERT_EQ(*quick->at(i), interpreter.run(records[i])) << index << " " << i;
    }
  }
  test::asked(compared);
  EXPECT_GT(compared, 6000U);
}

TEST_F(CompatTest, BothDoorsShowTheSameVerdicts) {
  std::size_t compared = 0;
  for (std::uint64_t index = 0; index < 100; ++index) {
    sample::Random random(42, index);
    std::vector<verify::Program> stack;
    for (std::uint32_t older = random.below(3); older > 0; --older)
      stack.push_back(sample::accepted_program(random, 64));
    stack.push_back(sample::accepted_program(random, 64));
    auto records = mixed_records(random, stack.back().instructions());
    const auto detail = index % 3 == 0 ? Detail::Action : Detail::Class;
    const auto quick = by_code_->verdict(stack, records, detail);
    const auto slow = by_interrupt_->verdict(stack, records, detail);
    ASSERT_TRUE(quick && slow) << index;
    const engine::FilterStack ours(stack);
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (!quick->at(i) || !slow->at(i)) continue;
      ++compared;
      ASSERT_EQ(*quick->at(i), *slow->at(i)) << index << " " << i;
      ASSERT_TRUE(explains(ours.run(records[i]), *quick->at(i))) << index << " " << i;
    }
  }
  EXPECT_GT(compared, 1500U);
}

// Every word, whole, as the kernel hands it back: upper halves too.
TEST_F(CompatTest, TheKernelsOwnRecord) {
  std::vector<SeccompData> records;
  for (std::uint64_t i = 0; i < 200; ++i) {
    sample::Random random(43, i);
    for (SeccompData data : sample::records(random, {}, 1, {narrow, true})) {
      data.instruction_pointer = by_code_->compat_pointer();
      if (i % 2 == 0)
        for (std::uint64_t& arg : data.args) arg &= 0xffffffff;
      data.args[5] = (data.args[1] & ~0xffffffffULL) | (data.args[5] & 0xffffffff);
      records.push_back(data);
    }
  }
  const auto seen = by_code_->read_back(records);
  ASSERT_TRUE(seen) << describe(seen.error().kind) << seen.error().error;
  for (std::size_t i = 0; i < records.size(); ++i) {
    ASSERT_TRUE(seen->at(i)) << i;
    EXPECT_EQ(*seen->at(i), records[i]) << i;
  }
}

// A death in any part of any call ends one child; the next goes on behind it.
TEST_F(CompatTest, DeathsAmongThePartsOfAValue) {
  const auto divide =
      verify::accept(Filter{{0x20, 0, 0, 16}, {0x07}, {0x00, 0, 0, 0xfedcba98}, {0x3c}, {0x16}});
  std::vector<SeccompData> records;
  for (std::uint64_t i = 0; i < 60; ++i)
    records.push_back({0x1000, i % 2 == 0 ? narrow : native, 0x7a0000001234, {i % 5, i << 33}});
  const auto values = by_code_->value(*divide, records);
  ASSERT_TRUE(values);
  for (std::size_t i = 0; i < records.size(); ++i)
    EXPECT_EQ(values->at(i), i % 5 == 0 ? 0 : 0xfedcba98 / (i % 5)) << i;
}

TEST_F(CompatTest, EveryActionIsSeen) {
  for (const std::uint32_t value : {0U, 0x80000000U, 0x00030007U, 0x0005000bU, 0x7fc00000U,
                                    0x7ff01234U, 0x7ffc0000U, 0x7fff0000U, 0x12345678U}) {
    const auto program = verify::accept(Filter{{0x06, 0, 0, value}});
    const SeccompData data{0x1234, narrow, 0x7a0000001234, {1, 2, 3, 4, 5, 6}};
    const auto seen = by_code_->verdict(std::span(&*program, 1), std::span(&data, 1));
    ASSERT_TRUE(seen && seen->at(0)) << std::hex << value;
    EXPECT_TRUE(explains({value}, *seen->at(0))) << std::hex << value;
  }
}

// Under a filter of its own that refuses the exchange of the vDSO, as other kernels do.
TEST(CompatDoor, WhereItCannotBeOpenedTheInterruptIsLeft) {
  if (Oracle::narrow_arch() == 0) GTEST_SKIP() << "no 32-bit ABI";
  EXPECT_EQ(test::in_child([] {
              constexpr std::uint32_t arch_prctl = 158;
              constexpr std::uint32_t map_vdso_32 = 0x2002;
              Filter refusing{{0x20, 0, 0, 0},          {0x15, 0, 3, arch_prctl},
                              {0x20, 0, 0, 16},         {0x15, 0, 1, map_vdso_32},
                              {0x06, 0, 0, 0x00050001}, {0x06, 0, 0, 0x7fff0000}};
              const sock_fprog fprog{static_cast<unsigned short>(refusing.size()),
                                     reinterpret_cast<sock_filter*>(refusing.data())};
              prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
              if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog) != 0) return 1;
              auto oracle = Oracle::open();
              if (!oracle) return 2;
              if (oracle->compat_pointer() != 0) return 3;
              const auto program = verify::accept(Filter{{0x20, 0, 0, 20}, {0x16}});
              const SeccompData data{1, narrow, 0, {0x1234567800000000}};
              const auto values = oracle->value(*program, std::span(&data, 1));
              if (!values) return 4;
              const Value& value = values->front();
              return value ? (*value == 0x12345678 ? 0 : 5)
                           : (value.error() == NotAskable::NoNarrowCalls ? 0 : 6);
            }),
            0);
}

}  // namespace
}  // namespace assay::kernel
