#include "assay/engine/interpreter.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "assay/seccomp/arch.hpp"
#include "assay/verify/accept.hpp"
#include "data_cases.hpp"

namespace assay::engine {
namespace {

using seccomp::SeccompData;

std::vector<seccomp::ArchInfo> arches_named(std::string_view token) {
  std::vector<seccomp::ArchInfo> result;
  for (const seccomp::ArchInfo& row : seccomp::arches) {
    const bool little = row.order == std::endian::little;
    if (token == row.token || token == "all" || (token == "little" && little) ||
        (token == "big" && !little))
      result.push_back(row);
  }
  return result;
}

// A row's fields expand to every record they describe.
std::vector<SeccompData> records(const std::vector<std::string>& words) {
  std::vector<SeccompData> result(1);
  const auto expand = [&](auto values, auto set) {
    std::vector<SeccompData> next;
    for (const SeccompData& data : result) {
      for (const auto& value : values) {
        next.push_back(data);
        set(next.back(), value);
      }
    }
    result = std::move(next);
  };
  for (const std::string& word : words) {
    if (word == "=>") break;
    const std::size_t equals = word.find('=');
    const std::string field = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    if (field == "arch") {
      expand(arches_named(value),
             [](SeccompData& data, const auto& row) { data.arch = row.audit; });
      continue;
    }
    expand(test::sampled(test::parse_range(value)), [&](SeccompData& data, std::uint64_t number) {
      if (field == "nr") data.nr = static_cast<std::uint32_t>(number);
      if (field == "ip") data.instruction_pointer = number;
      if (field.starts_with("arg")) data.args.at(test::parse_number(field.substr(3))) = number;
    });
  }
  return result;
}

std::uint32_t expected_value(const std::string& text, const SeccompData& data) {
  if (text == "nr") return data.nr;
  if (text == "arch") return data.arch;
  const std::size_t dot = text.find('.');
  if (dot == std::string::npos) return static_cast<std::uint32_t>(test::parse_number(text));
  const std::uint64_t whole = text.starts_with("ip")
                                  ? data.instruction_pointer
                                  : data.args.at(test::parse_number(text.substr(3, dot - 3)));
  return static_cast<std::uint32_t>(text.substr(dot) == ".lo" ? whole : whole >> 32);
}

class Watcher : public Observer {
 public:
  void on_instruction(const State& state) override { pcs.push_back(state.pc); }
  std::vector<std::size_t> pcs;
};

class Runs : public testing::TestWithParam<test::Case> {};

TEST_P(Runs, AsTheRowsSay) {
  const auto program = verify::accept(test::assembled(GetParam()));
  ASSERT_TRUE(program);
  const Interpreter interpreter(*program);
  for (const std::string& line : GetParam().expected) {
    const auto row = test::split(line);
    const auto arrow = std::find(row.begin(), row.end(), "=>");
    ASSERT_EQ(row.end() - arrow, 4) << line;
    const auto tried = records(row);
    ASSERT_FALSE(tried.empty()) << line;
    for (const SeccompData& data : tried) {
      SCOPED_TRACE(testing::Message() << line << " nr " << data.nr << " arch " << data.arch);
      const std::uint32_t value = expected_value(arrow[1], data);
      const seccomp::Words words = Interpreter::words_of(data);
      EXPECT_EQ(interpreter.run(data), value);
      EXPECT_EQ(interpreter.count(words),
                (Outcome{value, static_cast<std::uint32_t>(test::parse_number(arrow[3]))}));
      Watcher watcher;
      EXPECT_EQ(interpreter.observe(words, watcher), value);
      EXPECT_EQ(watcher.pcs.size(), test::parse_number(arrow[3]));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, Runs, testing::ValuesIn(test::cases("engine/runs")),
                         [](const auto& row) { return test::test_name(row.param); });

TEST(Interpreter, ShowsTheStateBeforeEachInstruction) {
  struct Recorder : Observer {
    void on_instruction(const State& state) override {
      text << state.pc << ":" << state.a << "," << state.x << "," << state.m[2] << " ";
    }
    std::ostringstream text;
  } recorder;
  const std::vector<bpf::Instruction> instructions{{0x20, 0, 0, 0}, {0x07, 0, 0, 0},
                                                   {0x02, 0, 0, 2}, {0x15, 0, 1, 9},
                                                   {0x06, 0, 0, 1}, {0x06, 0, 0, 2}};
  const Interpreter interpreter(*verify::accept(instructions));
  EXPECT_EQ(interpreter.observe(seccomp::words({7, 0, 0, {}}, std::endian::little), recorder), 2U);
  EXPECT_EQ(recorder.text.str(), "0:0,0,0 1:7,0,0 2:7,7,0 3:7,7,7 5:7,7,7 ");
}

TEST(Interpreter, ShiftsAsTheSemanticsSay) {
  const std::vector<bpf::Instruction> instructions{
      {0x20, 0, 0, 0}, {0x07, 0, 0, 0}, {0x00, 0, 0, 3}, {0x6c, 0, 0, 0}, {0x16, 0, 0, 0}};
  const verify::Program program = *verify::accept(instructions);
  const auto shifted = [&](const char* semantics, std::uint32_t count) {
    return Interpreter(program, *seccomp::find_semantics(semantics)).run(seccomp::Words{count});
  };
  EXPECT_EQ(shifted("linux-6.18", 33), 6U);
  EXPECT_EQ(shifted("linux-6.12-ppc64le-jit", 33), 0U);
  EXPECT_EQ(shifted("linux-6.12-ppc64le-jit", 65), 6U);
  EXPECT_EQ(shifted("linux-6.12-ppc64le-interpreter", 33), 6U);
  EXPECT_EQ(shifted("linux-6.1-arm-jit", 65), 0U);
  EXPECT_EQ(shifted("linux-6.1-arm-jit", 257), 6U);
}

TEST(Interpreter, WalksTheLongestProgram) {
  std::vector<bpf::Instruction> instructions(bpf::max_instructions - 1, {0x15, 0, 0, 1});
  instructions.push_back({0x06, 0, 0, 0x7fff0000});
  const Interpreter interpreter(*verify::accept(instructions));
  const seccomp::Words words{};
  EXPECT_EQ(interpreter.run(words), 0x7fff0000U);
  EXPECT_EQ(interpreter.count(words), (Outcome{0x7fff0000, 4096}));
}

}  // namespace
}  // namespace assay::engine
