#include "assay/kernel/oracle.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "assay/engine/interpreter.hpp"
#include "assay/verify/accept.hpp"
#include "assay/verify/chain.hpp"
#include "kernel/sysctl.hpp"
#include "kernel/tracees.hpp"
#include "kernel/turn.hpp"

namespace assay::kernel {
namespace {

using bpf::Instruction;
using seccomp::SeccompData;
using test::Bits;
using Filter = std::vector<Instruction>;

constexpr std::uint32_t native = 0xc000003e;
constexpr std::uint32_t allow = 0x7fff0000;
constexpr Instruction ret_allow{0x06, 0, 0, allow};

class OracleTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Oracle::open();
    if (!opened)
      GTEST_SKIP() << describe(opened.error().lack) << ", errno " << opened.error().error;
    oracle_.emplace(std::move(*opened));
  }
  std::vector<Value> values(const Filter& filter, std::vector<SeccompData> records) {
    const auto program = verify::accept(filter);
    EXPECT_TRUE(program);
    auto answer = oracle_->value(*program, records);
    EXPECT_TRUE(answer) << describe(answer.error().kind) << answer.error().error;
    test::asked(answer ? answer->size() : 0);
    return answer.value_or(std::vector<Value>());
  }
  std::optional<Oracle> oracle_;
};

SeccompData record(std::uint32_t nr) {
  return {nr,
          native,
          0x7a0000001234,
          {0x1111111122222222, 0x3333333344444444, 0x5555555566666666, 0x7777777788888888,
           0x99999999aaaaaaaa, 0xbbbbbbbbcccccccc}};
}

TEST_F(OracleTest, AcceptanceOfLengths) {
  const Filter all(70'000, ret_allow);
  const Instructions long_one(all);
  const std::vector<Instructions> programs{long_one.first(0), long_one.first(1),
                                           long_one.first(4096), long_one.first(4097),
                                           long_one.first(65'536 + 1)};
  EXPECT_EQ(oracle_->accept(programs), (std::vector<int>{EINVAL, 0, 0, EINVAL, EINVAL}));
  for (const Instructions program : programs)
    EXPECT_EQ(oracle_->attach_errno(program), program.size() - 1 < 4096 ? 0 : EINVAL);
}

TEST_F(OracleTest, EveryCodeIsAcceptedAsByVerify) {
  std::vector<Filter> filters;
  for (std::uint32_t code = 0; code < 0x10000; ++code)
    filters.push_back({{static_cast<std::uint16_t>(code), 0, 0, 4}, ret_allow});
  const std::vector<Instructions> programs(filters.begin(), filters.end());
  const auto errors = oracle_->accept(programs);
  ASSERT_TRUE(errors);
  test::asked(errors->size());
  int accepted = 0;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    EXPECT_EQ(errors->at(i) == 0, verify::accept(filters[i]).has_value()) << i;
    accepted += errors->at(i) == 0;
  }
  // ST M[4] and JA +4 are among them but for the latter's target; so are the loads of M[4].
  EXPECT_EQ(accepted, 41 - 3);
}

TEST_F(OracleTest, AttachingAgreesWithTheDryRun) {
  for (std::uint16_t code = 0; code < 0x100; ++code) {
    const Filter filter{{code, 0, 0, 1}, ret_allow};
    EXPECT_EQ(oracle_->accept(Instructions(filter)), oracle_->attach_errno(filter)) << code;
  }
}

bool blinded() {
  const std::string harden = test::sysctl("net.core.bpf_jit_harden");
  return harden == "2" || (harden == "1" && !test::is_root());
}

void check_chains(Oracle& oracle, verify::Blinding blinding) {
  const std::vector<Filter> shapes{
      {ret_allow},
      {{0x06, 0, 0, 0}, ret_allow},
      {{0x00, 0, 0, 0}, {0x01, 0, 0, 5}, {0x80}, ret_allow},
      {{0x01, 0, 0, 5}, {0x3c}, {0x34, 0, 0, 7}, {0x84}, {0x64, 0, 0, 3}, ret_allow},
      {{0x02, 0, 0, 1}, {0x03, 0, 0, 2}, {0x60, 0, 0, 1}, {0x61, 0, 0, 2}, ret_allow},
      {{0x15, 1, 1, 5}, {0x15, 0, 1, 5}, {0x15, 1, 0, 5}, {0x15, 0, 0, 5}, ret_allow, ret_allow},
      {{0x45, 0, 1, 5}, {0x45, 1, 1, 0x80000000}, {0x25, 0, 1, 0xffffffff}, ret_allow, ret_allow},
  };
  for (const Filter& shape : shapes) {
    // Long enough that one instruction more or less changes how many fit.
    Filter filter;
    for (std::size_t i = 0; i + 1 < shape.size(); ++i)
      for (int copy = 0; copy < 50; ++copy) filter.push_back(shape[i]);
    // No copy may end the filter before its ALLOW: the chain has to let us install more.
    for (Instruction& instruction : filter)
      if ((instruction.code & 7) == 6) instruction.k = allow;
    filter.push_back(ret_allow);
    filter.push_back(ret_allow);
    const auto program = verify::accept(filter);
    ASSERT_TRUE(program);
    const std::uint32_t cost = verify::chain_cost(*program, blinding);
    std::vector<std::uint32_t> attached;
    while (verify::fits(cost, attached)) attached.push_back(cost);
    const std::vector<Instructions> stack(attached.size() + 2, filter);
    auto expected = std::vector<int>(attached.size(), 0);
    expected.insert(expected.end(), 2, ENOMEM);
    EXPECT_EQ(oracle.attach(stack), expected);
    test::asked();  // one chain
  }
}

TEST_F(OracleTest, AChainHoldsWhatItsCostSays) {
  check_chains(*oracle_, blinded() ? verify::Blinding::On : verify::Blinding::Off);
}

TEST(ChainUnderHardening, HoldsWhatItsCostSays) {
  if (!test::is_root()) GTEST_SKIP() << "only root can harden the JIT";
  const test::Sysctl hardening("net.core.bpf_jit_harden", "2");
  if (!hardening.set()) GTEST_SKIP() << "net.core.bpf_jit_harden cannot be set here";
  auto oracle = Oracle::open();
  if (!oracle) GTEST_SKIP() << describe(oracle.error().lack);
  check_chains(*oracle, verify::Blinding::On);
}

TEST_F(OracleTest, EveryBitOfAConstant) {
  for (unsigned bit = 0; bit < 32; ++bit) {
    EXPECT_EQ(values({{0x06, 0, 0, 1U << bit}}, {record(1)}), std::vector<Value>{1U << bit});
    EXPECT_EQ(values({{0x00, 0, 0, 1U << bit}, {0x16}}, {record(1)}),
              std::vector<Value>{1U << bit});
  }
  for (const std::uint32_t value : {0U, 0xffffffffU, 0x80000000U, 0x7fff0000U, 0x12345678U}) {
    EXPECT_EQ(values({{0x06, 0, 0, value}}, {record(1)}), std::vector<Value>{value});
    EXPECT_EQ(values({{0x00, 0, 0, value}, {0x16}}, {record(1)}), std::vector<Value>{value});
  }
}

TEST_F(OracleTest, EveryWordOfTheRecord) {
  const std::vector<SeccompData> records{record(0), record(0xffffffff), record(0x40000001),
                                         record(0x7fffffff)};
  for (std::uint32_t offset = 0; offset < 64; offset += 4) {
    const Filter filter{{0x20, 0, 0, offset}, {0x16}};
    const engine::Interpreter reference(*verify::accept(filter));
    std::vector<Value> expected;
    for (const SeccompData& each : records) expected.emplace_back(reference.run(each));
    EXPECT_EQ(values(filter, records), expected) << offset;
  }
}

TEST_F(OracleTest, DivisionByZeroEndsWithZero) {
  const Filter filter{{0x20, 0, 0, 0}, {0x07}, {0x00, 0, 0, 0xfffffff0}, {0x3c}, {0x16}};
  std::vector<SeccompData> records;
  std::vector<Value> expected;
  for (std::uint32_t nr = 0; nr < 40; ++nr) {
    records.push_back(record(nr % 4));
    expected.emplace_back(nr % 4 == 0 ? 0 : 0xfffffff0 / (nr % 4));
  }
  EXPECT_EQ(values(filter, records), expected);
  EXPECT_EQ(values(filter, {record(0)}), std::vector<Value>{0});
}

TEST_F(OracleTest, InstructionPointers) {
  const Filter low{{0x20, 0, 0, 8}, {0x16}};
  const Filter high{{0x20, 0, 0, 12}, {0x16}};
  std::vector<SeccompData> records;
  std::vector<Value> lows;
  std::vector<Value> highs;
  // Neighbours share bytes of their code, and some code lies in two pages.
  for (std::uint64_t ip = 0x7a0000000ff8; ip < 0x7a0000001008; ++ip) {
    records.push_back(record(1));
    records.back().instruction_pointer = ip;
    lows.emplace_back(static_cast<std::uint32_t>(ip));
    highs.emplace_back(0x7a00U);
  }
  EXPECT_EQ(values(low, records), lows);
  EXPECT_EQ(values(high, records), highs);
}

TEST_F(OracleTest, ManyPointersInOneQuestion) {
  const Filter low{{0x20, 0, 0, 8}, {0x16}};
  std::vector<SeccompData> records;
  std::vector<Value> expected;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    records.push_back(record(i + 1000));
    records.back().instruction_pointer = 0x7a0000000000 + i * 4096ULL;
    expected.emplace_back(i * 4096);
  }
  EXPECT_TRUE(values(low, records) == expected);
}

TEST_F(OracleTest, WhatCannotBeAsked) {
  const Filter pointer{{0x20, 0, 0, 8}, {0x16}};
  const auto with = [](auto change) {
    SeccompData data = record(1);
    change(data);
    return data;
  };
  const auto at = [&](std::uint64_t ip) {
    return with([ip](SeccompData& data) { data.instruction_pointer = ip; });
  };
  using enum NotAskable;
  const auto no = [](NotAskable reason) { return Value(tl::unexpect, reason); };
  EXPECT_EQ(
      values(pointer,
             {record(335), record(336), with([](SeccompData& data) { data.arch = 0xc00000b7; }),
              at(0), at(1), at(0x7ffffffff000), at(0x800000000000), at(~0ULL),
              at(reinterpret_cast<std::uintptr_t>(&ret_allow)), record(0x40000000 + 335)}),
      (std::vector<Value>{no(ExemptNumber), no(ExemptNumber), no(ForeignArch), no(PointerInvalid),
                          no(PointerInvalid), no(PointerInvalid), no(PointerInvalid),
                          no(PointerInvalid), no(PointerTaken), 0x1234U}));
  EXPECT_EQ(Oracle::not_askable(record(335)), ExemptNumber);
  EXPECT_EQ(Oracle::not_askable(record(334)), std::nullopt);
  // A filter that never looks at the pointer can be asked for any.
  EXPECT_EQ(values({ret_allow}, {at(0), at(~0ULL)}), (std::vector<Value>{allow, allow}));
}

TEST_F(OracleTest, LongFilters) {
  Filter filter(Oracle::max_value_instructions, {0x04, 0, 0, 3});
  filter.back() = {0x16};
  EXPECT_EQ(values(filter, {record(1)}),
            std::vector<Value>{3 * (Oracle::max_value_instructions - 1)});
  filter.insert(filter.begin(), {0x04, 0, 0, 3});
  EXPECT_EQ(oracle_->value(*verify::accept(filter), std::vector{record(1)}),
            tl::unexpected(Failure{FailureKind::TooLong, 0}));
}

volatile std::sig_atomic_t signalled = 0;

TEST_F(OracleTest, NoCallIsCarriedOut) {
  const auto before = std::signal(SIGUSR1, [](int) { signalled = signalled + 1; });
  SeccompData kill_us = record(SYS_kill);
  kill_us.args = {static_cast<std::uint64_t>(getpid()), SIGUSR1, 0, 0, 0, 0};
  EXPECT_EQ(values({ret_allow}, std::vector<SeccompData>(100, kill_us)),
            std::vector<Value>(100, allow));
  EXPECT_EQ(signalled, 0);
  std::signal(SIGUSR1, before);
}

TEST_F(OracleTest, EveryNumberButTheExempt) {
  std::vector<SeccompData> records;
  std::vector<Value> expected;
  for (std::uint32_t nr = 0; nr < 1024; ++nr) {
    if (Oracle::not_askable(record(nr))) continue;
    records.push_back(record(nr));
    expected.emplace_back(nr ^ 0x80000000);
  }
  EXPECT_EQ(values({{0x20, 0, 0, 0}, {0xa4, 0, 0, 0x80000000}, {0x16}}, records), expected);
}

std::vector<pid_t> children() {
  std::ifstream file("/proc/thread-self/children");
  std::vector<pid_t> pids;
  for (pid_t pid = 0; file >> pid;) pids.push_back(pid);
  return pids;
}

TEST_F(OracleTest, ALostChildIsReplaced) {
  ASSERT_EQ(children().size(), 1U);
  kill(children().front(), SIGKILL);
  EXPECT_EQ(oracle_->accept(Instructions(&ret_allow, 1)),
            tl::unexpected(Failure{FailureKind::WorkerDied, 0}));
  EXPECT_EQ(oracle_->accept(Instructions(&ret_allow, 1)), 0);
  const Filter pointer{{0x20, 0, 0, 8}, {0x16}};
  EXPECT_EQ(values(pointer, {record(1)}), std::vector<Value>{0x1234U});
  // A new child has none of the code that the lost one had.
  kill(children().front(), SIGKILL);
  EXPECT_EQ(oracle_->value(*verify::accept(pointer), std::vector{record(1)}),
            tl::unexpected(Failure{FailureKind::WorkerDied, 0}));
  EXPECT_EQ(values(pointer, {record(1)}), std::vector<Value>{0x1234U});
}

TEST_F(OracleTest, NothingIsLeftBehind) {
  EXPECT_EQ(oracle_->attach_errno(Instructions(&ret_allow, 1)), 0);
  EXPECT_EQ(children().size(), 2U);
  oracle_.reset();
  EXPECT_TRUE(children().empty());
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

TEST_F(OracleTest, TimeLimit) {
  auto hasty = Oracle::open({.per_batch = std::chrono::milliseconds(1)});
  ASSERT_TRUE(hasty);
  const auto turn = Turn::take(std::chrono::minutes(1));  // which others may have for long
  ASSERT_TRUE(turn);
  const Filter slow(4096, ret_allow);
  EXPECT_EQ(hasty->accept(std::vector<Instructions>(256, slow)),
            tl::unexpected(Failure{FailureKind::TimeLimit, 0}));
}

TEST_F(OracleTest, AChildWithoutMemoryIsReportedAndSurvived) {
  const rlimit none{0, RLIM_INFINITY};
  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(children().size(), 1U);
  const pid_t child = children().front();
  if (prlimit(child, RLIMIT_AS, &none, nullptr) != 0)
    GTEST_SKIP() << "only root can limit a child that cannot be dumped";
  // No page can be mapped for this pointer, and the oracle says so.
  const Filter pointer{{0x20, 0, 0, 8}, {0x16}};
  EXPECT_EQ(values(pointer, {record(1)}),
            std::vector<Value>{Value(tl::unexpect, NotAskable::PointerTaken)});
  ASSERT_EQ(prlimit(child, RLIMIT_AS, &all, nullptr), 0);
  SeccompData other = record(1);
  other.instruction_pointer += 0x10000;
  EXPECT_EQ(values(pointer, {other}), std::vector<Value>{0x11234U});
}

TEST_F(OracleTest, NoProcessToBeHad) {
  if (!test::is_root()) GTEST_SKIP() << "only root can become another user";
  EXPECT_EQ(test::in_child([] {
              if (!test::become_nobody()) return 1;
              const rlimit none{0, 0};
              setrlimit(RLIMIT_NPROC, &none);
              const auto oracle = Oracle::open();
              return !oracle && oracle.error() == Unavailable{Lack::Resources, EAGAIN} ? 0 : 2;
            }),
            0);
}

TEST_F(OracleTest, TheCallersHandlersAndDescriptorsStayItsOwn) {
  oracle_.reset();
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  auto opened = Oracle::open();
  ASSERT_TRUE(opened);
  close(ends[1]);
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), 0);  // the child keeps no copy of the writing end
  close(ends[0]);
}

// By a process of the 32-bit ABI: see tracee.cpp, letter u.
TEST(NarrowCode, UpperHalvesAreZero) {
  SKIP_WITHOUT_TRACEE(Bits::Narrow);
  EXPECT_EQ(test::in_child([] {
              const std::string path = test::tracee_path(Bits::Narrow);
              execl(path.c_str(), path.c_str(), "nu", nullptr);
              return 1;
            }),
            9);
}

TEST_F(OracleTest, NeedsNoPrivilege) {
  if (!test::is_root()) GTEST_SKIP() << "only root can become another user";
  EXPECT_EQ(test::in_child([] {
              if (!test::become_nobody()) return 1;
              auto oracle = Oracle::open();
              if (!oracle) return 2;
              const Filter filter{{0x20, 0, 0, 8}, {0x16}};
              const auto value = oracle->value(*verify::accept(filter), std::vector{record(1)});
              if (!value || value->at(0) != Value(0x1234U)) return 3;
              return oracle->attach_errno(filter) == 0 ? 0 : 4;
            }),
            0);
}

TEST_F(OracleTest, EndsWithItsParent) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int code = test::in_child([&] {
    auto oracle = Oracle::open();
    const auto pids = children();
    if (!oracle || pids.size() != 1) return 1;
    if (write(ends[1], pids.data(), sizeof(pid_t)) != sizeof(pid_t)) return 2;
    raise(SIGKILL);
    return 3;
  });
  EXPECT_EQ(code, -SIGKILL);
  pid_t orphan = 0;
  ASSERT_EQ(read(ends[0], &orphan, sizeof orphan), static_cast<ssize_t>(sizeof orphan));
  const std::string status = "/proc/" + std::to_string(orphan) + "/status";
  bool gone = false;
  for (int i = 0; i < 100 && !gone; ++i) {
    std::ifstream file(status);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    gone = text.empty() || text.find("\nState:\tZ") != text.npos;  // whoever reaps it
    if (!gone) usleep(20'000);
  }
  EXPECT_TRUE(gone);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace assay::kernel
