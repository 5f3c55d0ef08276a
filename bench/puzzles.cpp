#include "bench/puzzles.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "assay/seccomp/seccomp_data.hpp"
#include "assay/seccomp/verdict.hpp"
#include "assay/verify/accept.hpp"

namespace assay::bench {
namespace {

using bpf::Instruction;
using seccomp::Action;
using Code = std::vector<Instruction>;

constexpr std::uint32_t diamonds = 512;

Instruction statement(std::uint16_t code, std::uint32_t k = 0) { return {code, 0, 0, k}; }
Instruction load(std::uint32_t word) { return statement(0x20, 4 * word); }
Instruction store(std::uint32_t cell) { return statement(0x02, cell); }
Instruction recall(std::uint32_t cell) { return statement(0x60, cell); }
Instruction give(Action action, std::uint16_t data = 0) {
  return statement(0x06, seccomp::value_of(action, data));
}

void append(Code& to, const Code& more) { to.insert(to.end(), more.begin(), more.end()); }

Puzzle puzzle(std::string name, const Code& code) {
  const auto program = verify::accept(code);
  if (!program) {
    std::fprintf(stderr, "bench: %s is not accepted\n", name.c_str());
    std::exit(1);
  }
  return {std::move(name), *program};
}

// When bit i of the input is set, `then`.
void diamond(Code& to, std::uint32_t i, const Code& then) {
  to.push_back(load(i / 32));
  to.push_back({0x45, 0, static_cast<std::uint8_t>(then.size()), 1U << i % 32});
  append(to, then);
}

Code collect(std::uint32_t bit) { return {recall(0), statement(0x44, bit), store(0)}; }

Code started() { return {statement(0x00), store(0)}; }

}  // namespace

Puzzle idle_diamonds() {
  Code code;
  for (std::uint32_t i = 0; i < diamonds; ++i) diamond(code, i, {statement(0x01, i)});
  code.push_back(give(Action::Allow));
  return puzzle("512 diamonds, no effect", code);
}

Puzzle gathering_diamonds() {
  Code code = started();
  for (std::uint32_t i = 0; i < diamonds; ++i) diamond(code, i, collect(1U << i % 32));
  append(code, {recall(0),
                {0x15, 0, 1, 0},
                give(Action::KillProcess),
                {0x45, 0, 1, 0x80000001},
                give(Action::Errno, 1),
                {0x25, 0, 1, 0x00ffffff},
                give(Action::Log),
                give(Action::Allow)});
  return puzzle("512 diamonds, a bit of M[0] each", code);
}

Puzzle building_diamonds() {
  Code code = started();
  for (std::uint32_t i = 0; i < diamonds; ++i)
    diamond(code, i, i % 32 == 0 ? collect(1U << i / 32) : Code{statement(0x01, i)});
  append(code, {recall(0),
                {0x15, 0, 1, 0x1234},
                give(Action::KillProcess),
                {0x25, 0, 1, 0xbeef},
                give(Action::Errno, 1),
                give(Action::Allow)});
  return puzzle("512 diamonds, 16 for a value", code);
}

namespace {

// Jumps of 0xff lead to the end of the rule, once it is known.
constexpr std::uint8_t to_end = 0xff;

// The 64-bit argument is k, has the bits of a mask clear, or is at most k.
Code first_condition(std::mt19937& draw, std::uint32_t low_word) {
  const std::uint32_t k = 1 + static_cast<std::uint32_t>(draw() % 0x10000);
  const Instruction low = load(low_word);
  const Instruction high = load(low_word + 1);
  switch (draw() % 4) {
    case 0: return {high, {0x45, to_end, 0, 0xffff}, low, {0x45, to_end, 0, k}};
    case 1: return {high, {0x15, 0, to_end, 0}, low, {0x25, to_end, 0, k}};
    default: return {high, {0x15, 0, to_end, 0}, low, {0x15, 0, to_end, k}};
  }
}

// One or two more on the first argument's low word, or on a second argument.
Code conditions(std::mt19937& draw) {
  const auto word = [&] { return static_cast<std::uint32_t>(4 + 2 * (draw() % 6)); };
  const std::uint32_t first = word();
  Code code = first_condition(draw, first);
  for (auto left = draw() % 3; left > 0; --left) {
    if (draw() % 3 == 0) {
      append(code, first_condition(draw, word()));
    } else {
      append(code, {load(first),
                    {0x35, to_end, 0, static_cast<std::uint32_t>(0x10000 + draw() % 0x10000)}});
    }
  }
  return code;
}

Code rule(std::mt19937& draw, std::uint32_t nr) {
  Code code{load(0), {0x15, 0, to_end, nr}};
  append(code, conditions(draw));
  code.push_back(give(draw() % 8 == 0 ? Action::Log : Action::Allow));
  for (std::size_t pc = 0; pc < code.size(); ++pc) {
    const auto left = static_cast<std::uint8_t>(code.size() - pc - 1);
    if (code[pc].jt == to_end) code[pc].jt = left;
    if (code[pc].jf == to_end) code[pc].jf = left;
  }
  return code;
}

}  // namespace

Puzzle conditional_calls() {
  constexpr std::uint32_t calls = 400;
  std::mt19937 draw(1);
  Code code{load(1), {0x15, 1, 0, 0xc000003e}, give(Action::KillProcess)};
  for (std::uint32_t nr = 0; nr < calls; ++nr) append(code, rule(draw, nr));
  code.push_back(give(Action::Errno, 1));
  return puzzle("400 calls with conditions", code);
}

Puzzle boxes() {
  std::mt19937 draw(1);
  Code code;
  for (int box = 0; box < 100; ++box) {
    for (std::uint32_t arg = 0; arg < 6; ++arg) {
      const auto ends = std::minmax<std::uint32_t>(
          {static_cast<std::uint32_t>(draw()), static_cast<std::uint32_t>(draw())});
      const auto left = static_cast<std::uint8_t>(3 * (5 - arg) + 1);
      append(code, {load(4 + 2 * arg),
                    {0x35, 0, static_cast<std::uint8_t>(left + 1), ends.first},
                    {0x25, left, 0, ends.second}});
    }
    code.push_back(give(Action::Errno, 1));
  }
  code.push_back(give(Action::Allow));
  return puzzle("100 boxes in six words", code);
}

Puzzle product() {
  return puzzle("a product of two words", {load(4),
                                           statement(0x07),
                                           load(6),
                                           statement(0x2c),
                                           statement(0x07),
                                           load(8),
                                           {0x1d, 0, 1, 0},
                                           give(Action::Allow),
                                           give(Action::Errno, 1)});
}

}  // namespace assay::bench
