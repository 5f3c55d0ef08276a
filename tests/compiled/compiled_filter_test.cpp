// The compiled engine gives the value of the interpreter for every input: on what random and
// captured filters compare, on all numbers, stacks, foreign byte orders, and undecided programs.
#include "assay/compiled/compiled_filter.hpp"

#include <gtest/gtest.h>

#include "assay/bpf/assemble.hpp"
#include "assay/engine/filter_stack.hpp"
#include "assay/sample/mutant.hpp"
#include "assay/sample/record.hpp"
#include "assay/sample/stack.hpp"
#include "assay/seccomp/arch.hpp"
#include "assay/verify/accept.hpp"
#include "corpus.hpp"
#include "engine/agreement_values.hpp"

namespace assay::compiled {
namespace {

using engine::FilterStack;
using engine::Interpreter;
using seccomp::SeccompData;
using seccomp::Words;
using verify::Program;

Program program_of(std::string_view text) { return *verify::accept(bpf::assemble(text).value()); }

// A budget in which nothing is decided.
constexpr symbolic::Budget none{1, std::chrono::milliseconds(1'000)};

// One filter's value keeps what nobody can see; a stack's ALLOW is the kernel's own.
std::uint32_t truth_of(const Interpreter& filter, const SeccompData& data) {
  return filter.run(data);
}
std::uint32_t truth_of(const FilterStack& stack, const SeccompData& data) {
  return stack.size() == 1 ? stack[0].run(data) : stack.run(data).value;
}

// The first record for which filters and their compiled form differ.
template <class Filters>
std::optional<SeccompData> difference(const CompiledFilter& compiled, const Filters& filters,
                                      std::span<const SeccompData> records) {
  std::vector<std::uint32_t> values(records.size());
  compiled.run(records, values);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::uint32_t truth = truth_of(filters, records[i]);
    if (values[i] != truth || compiled.run(records[i]) != truth) return records[i];
  }
  return std::nullopt;
}

TEST(CompiledFilter, RandomProgramsAgree) {
  agreement::Tester tester(agreement::compiled);
  run_random_programs(tester, 0, 2'000 / agreement::slowdown());
  EXPECT_TRUE(agreed("random programs", tester.report()));
}

TEST(CompiledFilter, ThreeInstructionsAgree) {
  agreement::Tester tester(agreement::compiled);
  run_three_instructions(tester, 409 * agreement::slowdown());
  EXPECT_TRUE(agreed("three instructions", tester.report()));
}

// The same ones where no function is decided: what is left of a program is run.
TEST(CompiledFilter, UndecidedProgramsAgree) {
  for (std::uint64_t index = 0; index < 1'500 / agreement::slowdown(); ++index) {
    sample::Random random(agreement::seed(), index);
    const Program program = sample::accepted_program(random);
    const CompiledFilter compiled(program, {}, none);
    ASSERT_FALSE(compiled.decided());
    const auto records = sample::records(random, program.instructions(), 48);
    EXPECT_EQ(difference(compiled, Interpreter(program), records), std::nullopt)
        << "seed " << agreement::seed() << ", index " << index;
  }
}

TEST(CompiledFilter, StacksAgree) {
  for (std::uint64_t index = 0; index < 400 / agreement::slowdown(); ++index) {
    sample::Random random(agreement::seed(), index);
    const std::vector<Program> programs = sample::stack(random);
    std::vector<SeccompData> records;
    for (const Program& program : programs) {
      const auto some = sample::records(random, program.instructions(), 24);
      records.insert(records.end(), some.begin(), some.end());
    }
    constexpr symbolic::Budget small{std::size_t{1} << 16, std::chrono::milliseconds(500)};
    const FilterStack stack(programs);
    EXPECT_EQ(difference(CompiledFilter(programs, {}, small), stack, records), std::nullopt)
        << "seed " << agreement::seed() << ", index " << index;
    EXPECT_EQ(difference(CompiledFilter(programs, {}, none), stack, records), std::nullopt)
        << "undecided, seed " << agreement::seed() << ", index " << index;
  }
}

TEST(CompiledFilter, AnEmptyStackAllows) {
  const CompiledFilter compiled{std::span<const Program>{}};
  EXPECT_EQ(compiled.run(Words{}), 0x7fff0000U);
  EXPECT_EQ(compiled.run(SeccompData{~0U, ~0U, ~std::uint64_t{0}, {}}), 0x7fff0000U);
}

// Every number that a filter tells apart, its neighbours, and far ones, for every arch.
TEST(CompiledFilter, EveryArchAndNumberOfTheCorpusAgrees) {
  const auto corpus = test::corpus_filters(ASSAY_CORPUS);
  if (corpus.empty()) GTEST_SKIP() << "no corpus of captured filters";
  std::uint64_t index = 0;
  for (const auto& [file, program] : corpus) {
    sample::Random random(agreement::seed(), index++);
    if (index % agreement::slowdown() != 0) continue;
    auto records = sample::records(random, program.instructions(), 300);
    for (const seccomp::ArchInfo& arch : seccomp::arches)
      for (std::uint32_t nr = 0; nr < 520; nr += 1 + random.below(6))
        records.push_back({nr | arch.nr_bit, arch.audit, 0, {random.below(64)}});
    const CompiledFilter compiled(program);
    EXPECT_TRUE(compiled.decided()) << file;
    EXPECT_EQ(difference(compiled, Interpreter(program), records), std::nullopt) << file;
  }
}

TEST(CompiledFilter, RangesUpToTheLastNumber) {
  const Program program = program_of(
      "ld [4]\njge #0xc0000000, +0, +6\nld [0]\njgt #0xfffffffe, +3\njge #0x40000200, +3\n"
      "jge #0x400001ff, +3\njge #2047, +3, +2\nret #1\nret #2\nret #3\nret #4\nret #5");
  const CompiledFilter compiled(program);
  const Interpreter interpreter(program);
  EXPECT_EQ(compiled.steps(), 0U);
  for (const std::uint32_t arch : {0U, 0xbfffffffU, 0xc0000000U, 0xc000003eU, ~0U})
    for (const std::uint32_t around :
         {0U, 511U, 2047U, 0x40000000U, 0x400001ffU, 0x40000200U, 0x400007ffU, 0x80000000U, ~0U})
      for (std::uint32_t nr = around - 2; nr != around + 3; ++nr)
        EXPECT_EQ(compiled.run(Words{nr, arch}), interpreter.run(Words{nr, arch}))
            << std::hex << arch << " " << nr;
}

// More parts of the numbers than a table has: bits of nr are then compared as arguments are.
TEST(CompiledFilter, NumbersInManyPartsAreCompared) {
  const Program program = program_of("ld [0]\nand #0x55555\njset #0x101, +0, +1\nret #1\nret #2");
  const CompiledFilter compiled(program);
  const Interpreter interpreter(program);
  EXPECT_TRUE(compiled.decided());
  for (std::uint32_t nr = 0; nr < 100'000; nr += 7)
    ASSERT_EQ(compiled.run(Words{nr}), interpreter.run(Words{nr})) << nr;
}

// Numbers and arches that share all bits by which a slot is chosen with ones that have a slot.
TEST(CompiledFilter, NoNumberIsTakenForAnother) {
  const Program program = program_of(
      "ld [4]\njeq #0xc000003e, +0, +4\nld [0]\njeq #5, +0, +3\nld [16]\nret a\nret #1\nret #2");
  const CompiledFilter compiled(program, {}, none);
  const Program table = program_of(
      "ld [4]\njeq #0xc000003e, +0, +5\nld [0]\njeq #5, +0, +4\nld [16]\njeq #9, +3\nret #3\n"
      "ret #1\nret #2\nret #4");
  const CompiledFilter decided(table);
  std::vector<SeccompData> records;
  for (unsigned bit = 0; bit < 64; ++bit)
    for (unsigned other = 0; other < 64; ++other)
      for (const std::uint64_t key : {0xc000003e00000005U, 0xc000003e00000004U, 0x4000000300000005U,
                                      std::uint64_t{0x40000000}, std::uint64_t{0}}) {
        const std::uint64_t near = key ^ std::uint64_t{1} << bit ^ std::uint64_t{1} << other;
        for (const std::uint64_t arg : {8U, 9U})
          records.push_back(
              {static_cast<std::uint32_t>(near), static_cast<std::uint32_t>(near >> 32), 0, {arg}});
      }
  EXPECT_EQ(difference(compiled, Interpreter(program), records), std::nullopt);
  EXPECT_EQ(difference(decided, Interpreter(table), records), std::nullopt);
}

// Where a 64-bit argument has its high word first, on a machine where it has not.
TEST(CompiledFilter, ReadsRecordsInTheByteOrderOfTheirArch) {
  const Program high_word = program_of("ld [16]\njeq #1, +0, +1\nret #1\nret #2");
  const CompiledFilter compiled(high_word);
  constexpr auto s390x = seccomp::describe(seccomp::Arch::s390x).audit;
  constexpr auto x86_64 = seccomp::describe(seccomp::Arch::x86_64).audit;
  const std::vector<SeccompData> records{{0, s390x, 0, {std::uint64_t{1} << 32}},
                                         {0, s390x, 0, {1}},
                                         {0, x86_64, 0, {std::uint64_t{1} << 32}},
                                         {0, x86_64, 0, {1}}};
  std::vector<std::uint32_t> values(records.size());
  compiled.run(records, values);
  EXPECT_EQ(values, (std::vector<std::uint32_t>{1, 2, 2, 1}));
  std::vector<std::uint32_t> nr(4), arch;
  std::vector<std::uint64_t> first;
  for (const SeccompData& record : records) {
    arch.push_back(record.arch);
    first.push_back(record.args[0]);
  }
  Columns columns{nr, arch, {}, {}};
  columns.args[0] = first;
  compiled.run(columns, values);
  EXPECT_EQ(values, (std::vector<std::uint32_t>{1, 2, 2, 1}));
}

TEST(CompiledFilter, ThreadsChangeNothing) {
  sample::Random random(3, 0);
  const Program program = program_of(
      "ld [0]\njeq #1, +0, +4\nld [20]\njne #0, +2\nld [16]\njgt #0x80, +1\nret #1\nret #2");
  std::vector<SeccompData> records;
  for (std::size_t i = 0; i < 100'003; ++i)
    records.push_back({random.below(3), 0xc000003e, 0, {random.next() >> (8 * random.below(8))}});
  const CompiledFilter compiled(program);
  std::vector<std::uint32_t> alone(records.size());
  compiled.run(records, alone);
  for (const unsigned threads : {0U, 2U, 3U, 64U}) {
    std::vector<std::uint32_t> values(records.size());
    compiled.run(records, values, threads);
    EXPECT_EQ(values, alone) << threads;
  }
  const Interpreter interpreter(program);
  for (std::size_t i = 0; i < records.size(); ++i)
    ASSERT_EQ(alone[i], interpreter.run(records[i])) << i;
}

// A campaign that could not see a wrong constant would prove nothing.
TEST(CompiledFilter, MutantsAreCompiledAsTheyAre) {
  std::uint64_t unlike = 0;
  for (std::uint64_t index = 0; index < 300 / agreement::slowdown(); ++index) {
    sample::Random random(agreement::seed(), index);
    const Program program = sample::accepted_program(random, 32);
    const auto mutant = sample::accepted_mutant(random, program);
    if (!mutant) continue;
    const Program other = *verify::accept(mutant->instructions);
    const auto records = sample::records(random, program.instructions(), 64);
    constexpr symbolic::Budget small{std::size_t{1} << 16, std::chrono::milliseconds(500)};
    const CompiledFilter compiled(other, {}, small);
    EXPECT_EQ(difference(compiled, Interpreter(other), records), std::nullopt);
    if (difference(compiled, Interpreter(program), records)) ++unlike;
  }
  EXPECT_GE(unlike, 60 / agreement::slowdown());
}

// A 64-bit argument is one step, whichever way the filter asks; so are several values of it.
TEST(CompiledFilter, A64BitArgumentIsOneStep) {
  const char* const equal = "ld [20]\njne #1, +3\nld [16]\njne #2, +1\nret #1\nret #2";
  const char* const masked =
      "ld [20]\nand #1\njne #1, +4\nld [16]\nand #0xf0\njne #0x30, +1\nret #1\nret #2";
  const char* const at_least =
      "ld [20]\njgt #1, +3\njne #1, +3\nld [16]\njge #9, +0, +1\nret #1\nret #2";
  const char* const several =
      "ld [20]\njne #0, +6\nld [16]\njeq #1, +5\njeq #7, +4\njeq #9, +4\njeq #16, +2\njeq #99, +2\n"
      "ret #1\nret #2\nret #3";
  for (const char* const text : {equal, masked, at_least, several})
    EXPECT_EQ(CompiledFilter(program_of(text)).steps(), 1U) << text;
}

}  // namespace
}  // namespace assay::compiled
