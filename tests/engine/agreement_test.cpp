// The tester itself: engines that are wrong in one small way are caught, by the campaigns
// that the right ones pass; what does not apply is told from what agrees.
#include "engine/agreement.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <iostream>

#include "assay/bpf/opcode.hpp"
#include "assay/verify/accept.hpp"
#include "engine/agreement_independent.hpp"
#include "engine/agreement_programs.hpp"
#include "engine/agreement_values.hpp"

namespace assay::agreement {
namespace {

using bpf::Instruction;
using bpf::Opcode;
using bpf::Operand;
using bpf::Operation;

// --- wrong values ---

enum class Flaw : std::uint8_t {
  None,
  JumpOneShort,
  SignedComparison,
  JsetComparesAll,
  ShiftByFullWidthIsZero,
  ArithmeticShift,
  DivisionByZeroGoesOn,
  NegIsNot,
  LengthIsK,
  LdxGoesToA,
  ScratchOfEight,
  WideMultiply,
  ReturnLosesData,
  CountsOneLess,
};
constexpr auto flaw_names = std::to_array<std::string_view>(
    {"None", "JumpOneShort", "SignedComparison", "JsetComparesAll", "ShiftByFullWidthIsZero",
     "ArithmeticShift", "DivisionByZeroGoesOn", "NegIsNot", "LengthIsK", "LdxGoesToA",
     "ScratchOfEight", "WideMultiply", "ReturnLosesData", "CountsOneLess"});

class FlawedEngine {
 public:
  FlawedEngine(Flaw flaw, std::span<const Instruction> program, const seccomp::Words& words)
      : flaw_(flaw), program_(program), words_(words) {}

  Value run() {
    for (std::size_t pc = 0;; ++pc) {
      const Instruction& insn = program_[pc];
      const Opcode& opcode = *bpf::find_opcode(insn.code);
      executed_ += 1;
      const std::uint32_t b = operand(opcode, insn);
      if (opcode.operation == Operation::Ret) return end(b);
      if (opcode.operation == Operation::Div && b == 0) {
        if (flaw_ != Flaw::DivisionByZeroGoesOn) return end(0);
        a_ = 0;
      } else if (bpf::is_jump(opcode.operation)) {
        pc += distance(opcode, insn, b);
      } else {
        step(opcode, insn, b);
      }
    }
  }

 private:
  Value end(std::uint32_t value) {
    if (flaw_ == Flaw::ReturnLosesData) value &= 0xffff0000;
    return {value, executed_ - (flaw_ == Flaw::CountsOneLess ? 1 : 0)};
  }

  std::uint32_t operand(const Opcode& opcode, const Instruction& insn) const {
    switch (opcode.operand) {
      case Operand::X: return x_;
      case Operand::A: return a_;
      case Operand::Word: return words_[insn.k / 4];
      case Operand::Scratch: return m_[cell(insn)];
      case Operand::Length: return flaw_ == Flaw::LengthIsK ? insn.k : 64;
      default: return insn.k;
    }
  }

  std::size_t cell(const Instruction& insn) const {
    return flaw_ == Flaw::ScratchOfEight ? insn.k % 8 : insn.k;
  }

  bool holds(Operation operation, std::uint32_t b) const {
    const bool is_signed = flaw_ == Flaw::SignedComparison;
    const std::int64_t left = is_signed ? static_cast<std::int32_t>(a_) : std::int64_t{a_};
    const std::int64_t right = is_signed ? static_cast<std::int32_t>(b) : std::int64_t{b};
    switch (operation) {
      case Operation::Jeq: return a_ == b;
      case Operation::Jgt: return left > right;
      case Operation::Jge: return left >= right;
      default: return flaw_ == Flaw::JsetComparesAll ? (a_ & b) == b : (a_ & b) != 0;
    }
  }

  std::size_t distance(const Opcode& opcode, const Instruction& insn, std::uint32_t b) const {
    if (opcode.operation == Operation::Ja) return insn.k;
    const std::size_t skipped = holds(opcode.operation, b) ? insn.jt : insn.jf;
    return flaw_ == Flaw::JumpOneShort && skipped > 4 ? skipped - 1 : skipped;
  }

  std::uint32_t shifted(bool left, std::uint32_t b) const {
    if (flaw_ == Flaw::ShiftByFullWidthIsZero && b >= 32) return 0;
    b %= 32;
    if (left) return a_ << b;
    return flaw_ == Flaw::ArithmeticShift
               ? static_cast<std::uint32_t>(static_cast<std::int32_t>(a_) >> b)
               : a_ >> b;
  }

  void step(const Opcode& opcode, const Instruction& insn, std::uint32_t b) {
    switch (opcode.operation) {
      case Operation::Ld: a_ = b; break;
      case Operation::Ldx: (flaw_ == Flaw::LdxGoesToA ? a_ : x_) = b; break;
      case Operation::St: m_[cell(insn)] = a_; break;
      case Operation::Stx: m_[cell(insn)] = x_; break;
      case Operation::Add: a_ += b; break;
      case Operation::Sub: a_ -= b; break;
      case Operation::Mul: a_ = multiplied(b); break;
      case Operation::Div: a_ /= b; break;
      case Operation::Or: a_ |= b; break;
      case Operation::And: a_ &= b; break;
      case Operation::Xor: a_ ^= b; break;
      case Operation::Lsh: a_ = shifted(true, b); break;
      case Operation::Rsh: a_ = shifted(false, b); break;
      case Operation::Neg: a_ = flaw_ == Flaw::NegIsNot ? ~a_ : 0 - a_; break;
      case Operation::Tax: x_ = a_; break;
      default: a_ = x_;
    }
  }

  std::uint32_t multiplied(std::uint32_t b) const {
    const std::uint64_t product = std::uint64_t{a_} * b;
    const bool wide = flaw_ == Flaw::WideMultiply && product > 0xffffffff;
    return wide ? 0xffffffff : static_cast<std::uint32_t>(product);
  }

  Flaw flaw_;
  std::span<const Instruction> program_;
  const seccomp::Words& words_;
  std::uint32_t a_ = 0;
  std::uint32_t x_ = 0;
  std::array<std::uint32_t, bpf::scratch_words> m_{};
  std::uint32_t executed_ = 0;
};

class FlawedValues : public testing::TestWithParam<int> {};

std::string flaw_name(const testing::TestParamInfo<int>& row) {
  return std::string(flaw_names[static_cast<std::size_t>(row.param)]);
}

TEST_P(FlawedValues, AreCaught) {
  const auto flaw = static_cast<Flaw>(GetParam());
  Tester tester(without_kernel);
  tester.replace(Engine::Independent,
                 Tester::Run([flaw](Tester::Instructions program, const seccomp::Words& words) {
                   return FlawedEngine(flaw, program, words).run();
                 }));
  run_random_programs(tester, 0, 20'000);
  const Report& report = tester.report();
  std::cout << report.disagreements << " of " << report.records << " answers caught\n";
  if (flaw == Flaw::None) {
    EXPECT_EQ(report.disagreements, 0U) << report;
    return;
  }
  EXPECT_GT(report.disagreements, 0U);
  ASSERT_FALSE(report.shown.empty());
  EXPECT_NE(report.shown.front().find("seed"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Flaw, FlawedValues, testing::Range(0, int{flaw_names.size()}), flaw_name);

// --- wrong acceptance ---

bool is(const Instruction& insn, Operation operation) {
  const Opcode* opcode = bpf::find_opcode(insn.code);
  return opcode != nullptr && opcode->operation == operation;
}

// A checker that would see this instruction instead, and so take or refuse other programs.
struct Blindness {
  std::string_view name;
  void (*see)(Instruction& insn, std::size_t pc, std::size_t length);
};
void PrintTo(const Blindness& row, std::ostream* out) { *out << row.name; }

constexpr auto blindnesses = std::to_array<Blindness>({
    {"MasksTheCode", [](Instruction& insn, std::size_t, std::size_t) { insn.code &= 0xff; }},
    {"TakesMod",
     [](Instruction& insn, std::size_t, std::size_t) {
       if (is(insn, Operation::Mod)) insn.code = insn.code == 0x94 ? 0x34 : 0x3c;
     }},
    {"RefusesXor",
     [](Instruction& insn, std::size_t, std::size_t) {
       if (is(insn, Operation::Xor)) insn.code = 0x94;
     }},
    {"ChecksKOfDivisionByX",
     [](Instruction& insn, std::size_t, std::size_t) {
       if (insn.code == 0x3c && insn.k == 0) insn.code = 0x34;
     }},
    {"ShiftsBelow33",
     [](Instruction& insn, std::size_t, std::size_t) {
       if ((is(insn, Operation::Lsh) || is(insn, Operation::Rsh)) && insn.k == 32) insn.k = 31;
     }},
    {"RoundsOffsets",
     [](Instruction& insn, std::size_t, std::size_t) {
       if (insn.code == 0x20 && insn.k < 64) insn.k &= ~3U;
     }},
    {"ReadsBehindTheData",
     [](Instruction& insn, std::size_t, std::size_t) {
       if (insn.code == 0x20 && insn.k == 64) insn.k = 60;
     }},
    {"JumpsToTheEnd",
     [](Instruction& insn, std::size_t pc, std::size_t length) {
       if (insn.jf != 0 && pc + 1 + insn.jf == length) insn.jf -= 1;
     }},
    {"BackwardJumps",
     [](Instruction& insn, std::size_t, std::size_t) {
       if (insn.code == 0x05 && insn.k >= 0xfffffffe) insn.k = 0;
     }},
    {"ScratchOf17",
     [](Instruction& insn, std::size_t, std::size_t) {
       if (insn.k == 16 && (insn.code == 0x02 || insn.code == 0x03)) insn.k = 15;
     }},
    {"IgnoresScratchLoads",
     [](Instruction& insn, std::size_t, std::size_t) {
       if (insn.code == 0x60 && insn.k < 16) insn.code = 0x00;
     }},
    {"DeadCodeAfterReturnIsFree",
     [](Instruction& insn, std::size_t pc, std::size_t length) {
       // To the pass over M[], a jump ends what a return does not.
       if (is(insn, Operation::Ret) && pc + 1 < length) insn = {0x05, 0, 0, static_cast<std::uint32_t>(length - pc - 2)};
     }},
    {"RefusesJunk",
     [](Instruction& insn, std::size_t, std::size_t) {
       if (insn.code == 0x87 && insn.k != 0) insn.code = 0xffff;
     }},
    {"EndsAnywhere",
     [](Instruction& insn, std::size_t pc, std::size_t length) {
       if (pc + 1 == length && insn.code == 0x00) insn.code = 0x06;
     }},
});

class BlindChecker : public testing::TestWithParam<Blindness> {};

TEST_P(BlindChecker, IsCaught) {
  Tester tester(without_kernel);
  tester.replace(Engine::Independent, Tester::Accept([](Tester::Instructions program) {
                   sample::Instructions seen(program.begin(), program.end());
                   for (std::size_t pc = 0; pc < seen.size(); ++pc)
                     GetParam().see(seen[pc], pc, seen.size());
                   return independent::load_errno(translated(seen));
                 }));
  tester.accept({"random programs", seed(), 0}, 200'000, 1, draw_any);
  std::cout << tester.report().disagreements << " of 200000 answers caught\n";
  EXPECT_GT(tester.report().disagreements, 0U);
}

INSTANTIATE_TEST_SUITE_P(Blindness, BlindChecker, testing::ValuesIn(blindnesses),
                         [](const auto& row) { return std::string(row.param.name); });

// --- the states of an answer ---

verify::Program allow() { return *verify::accept(sample::Instructions{{0x06, 0, 0, 0x7fff0000}}); }

TEST(Tester, ShowsTheCaseAndEachAnswer) {
  Tester tester(without_kernel);
  tester.replace(Engine::Independent, Tester::Run([](Tester::Instructions, const auto&) {
                   return Value{0x50001, 3};
                 }));
  const seccomp::SeccompData record{39, 0xc000003e, 0x1000, {1, 2, 3, 4, 5, 6}};
  tester.run({"here", 7, 11}, allow(), std::span(&record, 1));
  ASSERT_EQ(tester.report().disagreements, 1U);
  const std::string& shown = tester.report().shown.front();
  EXPECT_EQ(shown.substr(0, shown.find_last_not_of(' ', shown.find("ret #") - 1) + 1),
            "here, seed 7, index 11\n"
            "  interpreter 0x7fff0000 after 1 instructions\n"
            "  independent 0x00050001 after 3 instructions\n"
            "record  nr 0x27  arch 0xc000003e  ip 0x1000  args 0x1 0x2 0x3 0x4 0x5 0x6\n"
            "1 instructions\n");
  EXPECT_NE(shown.find("ret #0x7fff0000\n"), std::string::npos);
}

TEST(Tester, AWrongCountIsADifference) {
  Tester tester(without_kernel);
  tester.replace(Engine::Independent, Tester::Run([](Tester::Instructions, const auto&) {
                   return Value{0x7fff0000, 2};
                 }));
  const seccomp::SeccompData record{};
  tester.run({"count", 0, 0}, allow(), std::span(&record, 1));
  EXPECT_EQ(tester.report().disagreements, 1U);
}

TEST(Tester, WhatDoesNotApplyIsNoAgreement) {
  Tester tester;
  if (const auto lack = tester.lacks(Engine::Kernel)) GTEST_SKIP() << *lack;
  const seccomp::SeccompData foreign{1, 0x80000016, 0, {}};
  tester.run({"foreign", 0, 0}, allow(), std::span(&foreign, 1));
  const Tally& kernel = tester.report().tallies.at(Engine::Kernel);
  EXPECT_EQ(tester.report().disagreements, 0U);
  EXPECT_EQ(kernel.compared, 0U);
  EXPECT_EQ(kernel.not_applicable.size(), 1U);
}

TEST(Tester, AnEmptyCampaignDidNotAgree) {
  EXPECT_FALSE(agreed("nothing", Tester(without_kernel).report()));
}

}  // namespace
}  // namespace assay::agreement
