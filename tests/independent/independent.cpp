#include "independent.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace independent {
namespace {

constexpr int einval = 22;
constexpr std::uint32_t allow = 0x7fff0000;

// A code is three bits of class and, by class, either mode (LD, LDX) or operation and source (ALU,
// JMP, RET).
enum : unsigned { ld = 0, ldx = 1, st = 2, stx = 3, alu = 4, jmp = 5, ret = 6 };
enum : unsigned { imm = 0x00, abs_word = 0x20, mem = 0x60, len = 0x80 };
enum : unsigned { add = 0, sub, mul, div, bit_or, bit_and, lsh, rsh, neg, bit_xor = 10 };
enum : unsigned { ja = 0, jeq, jgt, jge, jset };

unsigned class_of(const Insn& i) { return i.code & 7U; }
unsigned mode_of(const Insn& i) { return i.code & 0xf8U; }
unsigned op_of(const Insn& i) { return i.code >> 4U; }
bool from_x(const Insn& i) { return (i.code & 8U) != 0; }
bool is_ja(const Insn& i) { return class_of(i) == jmp && op_of(i) == ja; }
bool is_branch(const Insn& i) { return class_of(i) == jmp && op_of(i) != ja; }
bool is_store(const Insn& i) { return class_of(i) == st || class_of(i) == stx; }
bool is_cell_load(const Insn& i) { return class_of(i) <= ldx && mode_of(i) == mem; }

// The codes Linux 6.18 lets through. The whole 16 bits count: nothing is masked off.
constexpr std::array<std::uint16_t, 41> accepted_codes = {
    0x00, 0x20, 0x60, 0x80, 0x01, 0x61, 0x81, 0x02, 0x03, 0x07, 0x87,        // moves
    0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54, 0x5c,  // ALU
    0x64, 0x6c, 0x74, 0x7c, 0x84, 0xa4, 0xac,                                // ALU
    0x05, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d,                    // jumps
    0x06, 0x16};                                                             // RET

// Operand rules. `left` is the number of instructions behind this one. They hold in dead code too.
bool operands_fit(const Insn& i, std::uint32_t left) {
  if (is_cell_load(i) || is_store(i)) return i.k < 16;
  if (class_of(i) == ld && mode_of(i) == abs_word) return i.k < 64 && i.k % 4 == 0;
  if (class_of(i) == alu && !from_x(i)) {
    if (op_of(i) == div) return i.k != 0;
    if (op_of(i) == lsh || op_of(i) == rsh) return i.k < 32;
  }
  if (is_ja(i)) return i.k < left;
  if (is_branch(i)) return i.jt < left && i.jf < left;
  return true;
}

// Uninitialised M[]: Linux makes one pass in program order, not a dataflow analysis. A RET does not
// end the pass's state, so it can poison what follows it (valid programs refused), and code behind
// a jump starts as if all cells were stored (dead loads accepted). Both are wanted here.
bool cells_are_stored(std::span<const Insn> program) {
  std::vector<std::uint32_t> incoming(program.size(), 0xffff);
  std::uint32_t stored = 0;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const Insn& i = program[pc];
    stored &= incoming[pc];
    if (is_store(i)) stored |= 1U << i.k;
    if (is_cell_load(i) && (stored >> i.k & 1U) == 0) return false;
    if (class_of(i) != jmp) continue;
    if (is_ja(i)) {
      incoming[pc + 1 + i.k] &= stored;
    } else {
      incoming[pc + 1 + i.jt] &= stored;
      incoming[pc + 1 + i.jf] &= stored;
    }
    stored = 0xffff;
  }
  return true;
}

std::uint32_t shift(bool left, std::uint32_t a, std::uint32_t count, ShiftRule rule) {
  if (rule == ShiftRule::mod32) count %= 32;
  if (rule == ShiftRule::mod64_zero_above_31) count %= 64;
  if (rule == ShiftRule::mod256_zero_above_31) count %= 256;
  if (count > 31) return 0;
  return left ? a << count : a >> count;
}

std::uint32_t alu_result(unsigned op, std::uint32_t a, std::uint32_t b, ShiftRule rule) {
  if (op == add) return a + b;
  if (op == sub) return a - b;
  if (op == mul) return a * b;
  if (op == div) return a / b;
  if (op == bit_or) return a | b;
  if (op == bit_and) return a & b;
  if (op == bit_xor) return a ^ b;
  if (op == neg) return 0 - a;
  return shift(op == lsh, a, b, rule);
}

bool branch_taken(unsigned op, std::uint32_t a, std::uint32_t b) {
  if (op == jeq) return a == b;
  if (op == jgt) return a > b;
  if (op == jge) return a >= b;
  return (a & b) != 0;
}

}  // namespace

int load_errno(std::span<const Insn> program) {
  if (program.empty() || program.size() > 4096) return einval;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const Insn& i = program[pc];
    if (i.code > 0xff || std::ranges::count(accepted_codes, i.code) == 0) return einval;
    if (!operands_fit(i, static_cast<std::uint32_t>(program.size() - pc - 1))) return einval;
  }
  if (class_of(program.back()) != ret) return einval;
  return cells_are_stored(program) ? 0 : einval;
}

Outcome run(std::span<const Insn> program, const std::array<std::uint32_t, 16>& words,
            ShiftRule rule) {
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  // Only dead code can read a cell before it is stored; zeros keep that defined here.
  std::array<std::uint32_t, 16> m{};
  std::uint32_t executed = 0;
  std::size_t pc = 0;
  while (true) {
    const Insn& i = program[pc];
    const std::uint32_t b = from_x(i) ? x : i.k;
    ++pc;
    ++executed;
    switch (class_of(i)) {
      case ld:
      case ldx: {
        std::uint32_t& to = class_of(i) == ld ? a : x;
        if (mode_of(i) == imm) to = i.k;
        if (mode_of(i) == abs_word) to = words[i.k / 4];
        if (mode_of(i) == mem) to = m[i.k];
        if (mode_of(i) == len) to = 64;  // sizeof(struct seccomp_data), whatever k says
        break;
      }
      case st: m[i.k] = a; break;
      case stx: m[i.k] = x; break;
      case alu:
        if (op_of(i) == div && b == 0) return {0, executed};  // ends the program as RET 0 would
        a = alu_result(op_of(i), a, b, rule);
        break;
      case jmp:
        if (op_of(i) == ja) {
          pc += i.k;
        } else {
          pc += branch_taken(op_of(i), a, b) ? i.jt : i.jf;
        }
        break;
      case ret: return {mode_of(i) == 0x10 ? a : i.k, executed};
      default:  // TAX and TXA
        if (mode_of(i) == 0) {
          x = a;
        } else {
          a = x;
        }
    }
  }
}

// Actions compare as signed numbers without their data, so KILL_PROCESS (bit 31) is the strongest.
// From newest to oldest, replacing only by a stronger one: on a tie the newest filter's data stays.
std::uint32_t combine(std::span<const std::uint32_t> oldest_first) {
  std::uint32_t result = allow;
  for (std::size_t n = oldest_first.size(); n-- > 0;) {
    const std::uint32_t value = oldest_first[n];
    if (static_cast<std::int32_t>(value & 0xffff0000) <
        static_cast<std::int32_t>(result & 0xffff0000))
      result = value;
  }
  return result;
}

// Blinding turns an eBPF instruction with an immediate into three; a move of 0 becomes one XOR, and
// shift counts are left alone.
std::uint32_t converted_length(std::span<const Insn> program, bool blinded) {
  const std::uint32_t immediate = blinded ? 3 : 1;
  const auto move = [&](std::uint32_t k) { return k == 0 ? 1 : immediate; };
  std::uint32_t length = 3;  // A = 0, X = 0, context pointer
  for (const Insn& i : program) {
    const unsigned op = op_of(i);
    if (class_of(i) <= ldx && mode_of(i) == imm) {
      length += move(i.k);
    } else if (class_of(i) <= ldx && mode_of(i) == len) {
      length += immediate;  // rewritten to a load of 64 first
    } else if (class_of(i) == ret) {
      length += mode_of(i) == 0x10 ? 1 : move(i.k) + 1;
    } else if (class_of(i) == alu && from_x(i)) {
      length += op == div ? 4 + immediate : 1;  // X is compared with 0 ahead of the division
    } else if (class_of(i) == alu) {
      length += op == lsh || op == rsh || op == neg ? 1 : immediate;
    } else if (is_branch(i)) {
      // A constant with bit 31 is first moved to a register, and the jump has no immediate.
      const bool sign = !from_x(i) && i.k > 0x7fffffff;
      length += sign ? immediate + 1 : from_x(i) ? 1 : immediate;
      // eBPF jumps have one target: a second jump is needed unless one way falls through, or can be
      // made to by inverting the test, which JSET has no opposite for.
      const bool one_way = i.jf == 0 || (i.jt == 0 && op != jset);
      if (!one_way) ++length;
    } else {
      ++length;
    }
  }
  return length;
}

std::array<std::uint32_t, 16> words(std::uint32_t nr, std::uint32_t arch, std::uint64_t ip,
                                    const std::array<std::uint64_t, 6>& args, bool big_endian) {
  std::array<std::uint32_t, 16> result{nr, arch};
  const auto put = [&](std::size_t at, std::uint64_t value) {
    result[big_endian ? at + 1 : at] = static_cast<std::uint32_t>(value);
    result[big_endian ? at : at + 1] = static_cast<std::uint32_t>(value >> 32U);
  };
  put(2, ip);
  for (std::size_t n = 0; n < args.size(); ++n) put(4 + 2 * n, args[n]);
  return result;
}

// Linux emulates a handful of instructions; any other, even LD IMM, means "not constant".
bool constant_allow(std::span<const Insn> program, std::uint32_t nr, std::uint32_t arch) {
  std::uint32_t a = 0;
  std::size_t pc = 0;
  while (true) {
    const Insn& i = program[pc];
    ++pc;
    if (i.code == 0x20 && i.k == 0) {
      a = nr;
    } else if (i.code == 0x20 && i.k == 4) {
      a = arch;
    } else if (i.code == 0x54) {  // AND K
      a &= i.k;
    } else if (is_ja(i)) {
      pc += i.k;
    } else if (is_branch(i) && !from_x(i)) {
      pc += branch_taken(op_of(i), a, i.k) ? i.jt : i.jf;
    } else {
      return i.code == 0x06 && i.k == allow;  // RET K with data is no plain ALLOW
    }
  }
}

}  // namespace independent
