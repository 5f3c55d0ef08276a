// What a thread sees: every action, tie, door into the kernel and field of the record.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <iostream>

#include "assay/engine/filter_stack.hpp"
#include "assay/kernel/oracle.hpp"
#include "assay/sample/record.hpp"
#include "assay/sample/stack.hpp"
#include "assay/verify/accept.hpp"
#include "kernel/raw_calls.hpp"
#include "kernel/tracees.hpp"

namespace assay::kernel {
namespace {

using bpf::Instruction;
using seccomp::SeccompData;
using seccomp::Verdict;
using Filter = std::vector<Instruction>;

constexpr std::uint32_t native = 0xc000003e;
constexpr std::uint32_t narrow = 0x40000003;

Filter returning(std::uint32_t value) { return {{0x06, 0, 0, value}}; }

SeccompData record(std::uint32_t nr, std::uint32_t arch = native) {
  return {nr,
          arch,
          0x7a0000001234,
          {0x1111111122222222, 0x3333333344444444, 0x5555555566666666, 0x7777777788888888,
           0x99999999aaaaaaaa, 0xbbbbbbbbcccccccc}};
}

class VerdictTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Oracle::open();
    if (!opened)
      GTEST_SKIP() << describe(opened.error().lack) << ", errno " << opened.error().error;
    oracle_.emplace(std::move(*opened));
  }
  std::vector<Sight> see(const std::vector<Filter>& filters, std::vector<SeccompData> records,
                         Detail detail = Detail::Action) {
    std::vector<verify::Program> stack;
    for (const Filter& filter : filters) stack.push_back(*verify::accept(filter));
    auto seen = oracle_->verdict(stack, records, detail);
    if (seen)
      test::asked(static_cast<std::uint64_t>(std::count_if(
          seen->begin(), seen->end(), [](const Sight& sight) { return sight.has_value(); })));
    EXPECT_TRUE(seen) << describe(seen.error().kind) << " " << seen.error().error;
    return seen.value_or(std::vector<Sight>());
  }
  Observed see_one(const std::vector<Filter>& filters, const SeccompData& data,
                   Detail detail = Detail::Action) {
    const auto seen = see(filters, {data}, detail);
    EXPECT_TRUE(seen.size() == 1 && seen[0]) << "not asked";
    return seen.size() == 1 && seen[0] ? *seen[0] : Observed{};
  }
  std::optional<Oracle> oracle_;
};

// Of the actions, what lies beside them, and everything that could be taken for a sentinel.
std::vector<std::uint32_t> telling_values() {
  std::vector<std::uint32_t> values;
  for (const seccomp::ActionInfo& action : seccomp::actions)
    for (const std::uint32_t data :
         {0U, 1U, 38U, 4093U, 4094U, 4095U, 4096U, 0x5aa5U, 0xa55aU, 0xffffU})
      values.push_back(action.value | data);
  for (const std::uint32_t unknown :
       {0x00010000U, 0x00020000U, 0x00040000U, 0x00060000U, 0x40000000U, 0x7fbf0000U, 0x7fc10000U,
        0x7fef0000U, 0x7ff10000U, 0x7ffb0000U, 0x7ffd0000U, 0x7ffe0000U, 0x7ffe1234U, 0x80010000U,
        0x90000000U, 0xffff0000U, 0xffffffffU})
    values.push_back(unknown);
  return values;
}

TEST_F(VerdictTest, EveryActionIsSeenAsWhatItIs) {
  for (const std::uint32_t value : telling_values()) {
    const Observed harmless = see_one({returning(value)}, record(0x5001));
    EXPECT_EQ(harmless, expected(Verdict{value})) << std::hex << value << to_string(harmless);
    EXPECT_FALSE(harmless.derived);
    const Observed real = see_one({returning(value)}, record(1));
    EXPECT_TRUE(explains(Verdict{value}, real)) << std::hex << value << to_string(real);
    EXPECT_TRUE(explains(Verdict{value}, see_one({returning(value)}, record(1), Detail::Class)))
        << std::hex << value;
  }
}

TEST_F(VerdictTest, ComputedReturnsToo) {
  for (const std::uint32_t value : telling_values()) {
    const Filter computed{{0x00, 0, 0, value ^ 0x55555555}, {0xa4, 0, 0, 0x55555555}, {0x16}};
    EXPECT_EQ(see_one({computed}, record(0x5001)), expected(Verdict{value})) << std::hex << value;
  }
}

TEST_F(VerdictTest, EveryPairOfActionsInBothOrders) {
  const auto values = telling_values();
  for (std::size_t i = 0; i < values.size(); i += 3) {
    for (std::size_t j = 1; j < values.size(); j += 7) {
      const Verdict old{values[i]};
      const Verdict young{values[j]};
      const std::vector<Verdict> stack{old, young};
      const Observed seen = see_one({returning(old.value), returning(young.value)}, record(1));
      EXPECT_TRUE(explains(seccomp::strongest(stack), seen))
          << std::hex << old.value << " below " << young.value << ": " << to_string(seen);
    }
  }
}

TEST_F(VerdictTest, ManyDeathsInOneQuestion) {
  // KILL_THREAD, KILL_PROCESS, ERRNO 5 and TRAP 6 by the number.
  const Filter by_number{{0x20, 0, 0, 0}, {0x54, 0, 0, 3},          {0x15, 0, 1, 0},
                         {0x06, 0, 0, 0}, {0x15, 0, 1, 1},          {0x06, 0, 0, 0x80000000},
                         {0x15, 0, 1, 2}, {0x06, 0, 0, 0x00050005}, {0x06, 0, 0, 0x00030006}};
  std::vector<SeccompData> records;
  for (std::uint32_t nr = 0; nr < 300; ++nr) records.push_back(record(nr));
  const auto seen = see({by_number}, records, Detail::Class);
  ASSERT_EQ(seen.size(), records.size());
  const std::vector<Observed> expected{
      {Sighting::KillThread}, {Sighting::KillProcess}, {Sighting::Errno, 5}, {Sighting::Trap, 6}};
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(*seen[i], expected[i % 4]) << i;
}

TEST_F(VerdictTest, DivisionByZeroKillsTheThreadAlone) {
  const Filter divide{{0x01, 0, 0, 0}, {0x3c}, {0x16}};
  EXPECT_EQ(see_one({divide}, record(1)), Observed{Sighting::KillThread});
  EXPECT_EQ(see_one({divide, returning(0x00050005)}, record(1)), Observed{Sighting::KillThread});
}

TEST_F(VerdictTest, EveryWordOfTheRecordThroughEachDoor) {
  // ERRNO | byte of the word.
  for (const std::uint32_t arch : {native, narrow}) {
    for (std::uint32_t offset = 0; offset < 64; offset += 4) {
      for (const std::uint32_t shift : {0U, 12U, 24U}) {
        const Filter show{{0x20, 0, 0, offset},
                          {0x74, 0, 0, shift},
                          {0x54, 0, 0, 0xfff},
                          {0x44, 0, 0, 0x00050000},
                          {0x16}};
        const auto program = verify::accept(show);
        const SeccompData data = record(0x12345, arch);
        const auto seen = see({show}, {data}, Detail::Class);
        if (!seen[0]) GTEST_SKIP() << describe(seen[0].error());
        EXPECT_TRUE(explains({engine::Interpreter(*program).run(data)}, *seen[0]))
            << std::hex << arch << " " << offset;
      }
    }
  }
}

TEST_F(VerdictTest, NumbersOfEveryKind) {
  std::vector<SeccompData> records;
  for (const std::uint32_t nr : {0U, 0x1ffU, 0x3fffffffU, 0x40000000U, 0x4000014fU, 0x7fffffffU,
                                 0x80000000U, 0xffffffffU, 0xfffffffeU}) {
    records.push_back(record(nr));
    records.push_back(record(nr, narrow));
  }
  const Filter low{{0x20, 0, 0, 0}, {0x54, 0, 0, 0xfff}, {0x44, 0, 0, 0x00050000}, {0x16}};
  const auto seen = see({low}, records, Detail::Class);
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!seen[i]) continue;
    EXPECT_EQ(*seen[i], (Observed{Sighting::Errno, std::uint16_t(records[i].nr & 0xfff)})) << i;
  }
}

// handle_signal() takes the rolled-back result for that of an interrupted call.
TEST_F(VerdictTest, TrappedNumbersThatLookLikeInterruptedCalls) {
  for (std::uint32_t code = 510; code < 520; ++code) {
    for (const std::uint32_t arch : {native, narrow}) {
      const auto seen = see({returning(0x00030009)}, {record(0 - code, arch)});
      ASSERT_TRUE(seen.at(0) || arch == narrow);
      EXPECT_EQ(seen[0].value_or(Observed{Sighting::Trap, 9}), (Observed{Sighting::Trap, 9}));
    }
  }
}

TEST_F(VerdictTest, FixedPageOfTheKernel) {
  // vsyscall time(): judged as number 201 with the address of the page.
  SeccompData time = record(201);
  time.instruction_pointer = 0xffffffffff600400;
  time.args = {};
  const Filter pointer{{0x20, 0, 0, 8},          {0x15, 0, 3, 0xff600400},
                       {0x20, 0, 0, 12},         {0x15, 0, 1, 0xffffffff},
                       {0x06, 0, 0, 0x0005002a}, {0x06, 0, 0, 0x00050001}};
  const auto seen = see({pointer}, {time});
  ASSERT_EQ(seen.size(), 1U);
  if (access("/proc/self/maps", R_OK) != 0) GTEST_SKIP() << "no /proc";
  EXPECT_EQ(*seen[0], (Observed{Sighting::Errno, 42}));
  for (const std::uint32_t value : {0U, 0x80000000U, 0x00030007U, 0x7ff00005U, 0x7fc00000U})
    EXPECT_TRUE(explains({value}, see_one({returning(value)}, time))) << std::hex << value;
}

TEST_F(VerdictTest, TheKernelsOwnRecord) {
  std::vector<std::uint32_t> arches{native};
  if (test::has_narrow_calls()) arches.push_back(narrow);
  std::vector<SeccompData> records;
  for (std::uint64_t i = 0; i < 200; ++i) {
    sample::Random random(7, i);
    for (const std::uint32_t arch : arches)
      for (SeccompData data : sample::records(random, {}, 1, {arch, true}))
        if (!Oracle::not_askable(data)) records.push_back(data);
  }
  const auto seen = oracle_->read_back(records);
  ASSERT_TRUE(seen) << describe(seen.error().kind) << seen.error().error;
  std::size_t compared = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!seen->at(i)) continue;
    EXPECT_EQ(*seen->at(i), records[i]) << i;
    ++compared;
  }
  test::asked(compared);
  EXPECT_GT(compared, records.size() / 3);
}

TEST_F(VerdictTest, RandomStacks) {
  std::size_t compared = 0;
  for (std::uint64_t index = 0; index < 300; ++index) {
    sample::Random random(3, index);
    std::vector<verify::Program> stack = sample::stack(random, 5);
    std::erase_if(stack, [](const verify::Program& program) {
      return program.size() > Oracle::max_stacked_instructions;
    });
    if (stack.empty()) continue;
    std::vector<Instruction> all;
    for (const verify::Program& program : stack)
      all.insert(all.end(), program.instructions().begin(), program.instructions().end());
    auto records = sample::records(random, all, 8, {native, true});
    const auto narrow_ones = sample::records(random, all, 4, {narrow, true});
    records.insert(records.end(), narrow_ones.begin(), narrow_ones.end());
    const auto detail = index % 3 == 0 ? Detail::Action : Detail::Class;
    const auto seen = oracle_->verdict(stack, records, detail);
    ASSERT_TRUE(seen) << describe(seen.error().kind) << " " << seen.error().error << ", index "
                      << index;
    const engine::FilterStack ours(stack);
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (!seen->at(i)) continue;
      ++compared;
      EXPECT_TRUE(explains(ours.run(records[i]), *seen->at(i)))
          << "index " << index << ", record " << i << ": " << to_string(*seen->at(i)) << ", ours "
          << std::hex << ours.run(records[i]).value;
    }
  }
  EXPECT_GT(compared, 1500U);
}

volatile std::sig_atomic_t signalled = 0;

TEST_F(VerdictTest, NoCallIsCarriedOut) {
  const auto before = std::signal(SIGUSR1, [](int) { signalled = signalled + 1; });
  SeccompData wide = record(62);  // kill(us, SIGUSR1), and the same through the other door
  wide.args = {static_cast<std::uint64_t>(getpid()), SIGUSR1, 0, 0, 0, 0};
  SeccompData other = wide;
  other.nr = 37;
  other.arch = narrow;
  for (const std::uint32_t value :
       {0x7fff0000U, 0x7ffc0000U, 0x7ff00001U, 0x7fc00000U, 0x7ffe0000U})
    see({returning(value)}, {wide, other});
  EXPECT_EQ(signalled, 0);
  std::signal(SIGUSR1, before);
}

TEST_F(VerdictTest, NeedsNoPrivilege) {
  if (!test::is_root()) GTEST_SKIP() << "only root can become another user";
  EXPECT_EQ(test::in_child([] {
              if (!test::become_nobody()) return 1;
              auto oracle = Oracle::open();
              if (!oracle) return 2;
              for (const std::uint32_t value : telling_values()) {
                const auto program = verify::accept(returning(value));
                const std::vector<SeccompData> records{record(0x5001)};
                const auto seen = oracle->verdict(std::span(&*program, 1), records);
                if (!seen || !seen->at(0)) return 3;
                if (*seen->at(0) != expected(Verdict{value})) return 4;
              }
              return 0;
            }),
            0);
}

}  // namespace
}  // namespace assay::kernel
