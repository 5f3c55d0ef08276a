// Conditions on a system call, as people write them:
//
//   arch == x86_64 && syscall == socket && (arg0 & 0xf) == 2 || !(nr < 512)
//
// Text to an Expression and back, and from an Expression to the exact set of inputs it names.
// A 64-bit field is two words of the input, whose order depends on the arch: a condition holds
// for each input as that input's arch orders them. Text is hostile by assumption: length,
// number of parts and nesting are bounded. Grammar: docs/formats/condition.md.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/seccomp/arch.hpp"
#include "assay/symbolic/condition.hpp"

namespace assay::text {

enum class Field : std::uint8_t { Nr, Arch, Ip, Arg0, Arg1, Arg2, Arg3, Arg4, Arg5 };
enum class Half : std::uint8_t { Both, Low, High };  // of a 64-bit field

struct Input {
  Field field{};
  Half half = Half::Both;
  friend bool operator==(const Input&, const Input&) = default;
};

std::string name(Input input);  // "arg1.lo"
unsigned width(Input input);    // 32 or 64 bits

// One side of a comparison: a number, or inputs and at most one number joined by &.
struct Operand {
  std::vector<Input> inputs;
  std::optional<std::uint64_t> number;
  friend bool operator==(const Operand&, const Operand&) = default;
};

struct Expression {
  enum class Kind : std::uint8_t {
    Always,
    Never,
    Not,        // of the only part
    And,        // of two parts or more
    Or,         //
    Compare,    // left how right
    Among,      // left in {numbers}
    Within,     // left in numbers[0]..numbers[1]
    ArchIs,     // one of arches; x32 is x86_64 with bit 30 in nr
    SyscallIs,  // one of names, under the number it has in the arch in force
  };
  Kind kind = Kind::Always;
  std::vector<Expression> parts;
  Operand left;
  symbolic::Comparison how{};
  Operand right;
  std::vector<std::uint64_t> numbers;
  std::vector<seccomp::Arch> arches;
  std::vector<std::string> names;

  friend bool operator==(const Expression&, const Expression&) = default;
};

// Built in a simple form: without parts that change nothing, an And in an And spread out, a
// Not moved into comparisons.
Expression all_of(std::vector<Expression> parts);
Expression any_of(std::vector<Expression> parts);
Expression negated(Expression expression);

std::string to_text(const Expression& expression);

struct ConditionError {
  std::size_t column = 0;  // from 1, in bytes
  std::string found;       // shortened, and safe to print whatever the input was
  std::string expected;
  std::string suggestion;  // a near name that exists, if any
  friend bool operator==(const ConditionError&, const ConditionError&) = default;
};
// "column 12: found 'sokcet', expected a system call; did you mean 'socket'?"
std::string to_string(const ConditionError& error);

inline constexpr std::size_t condition_limit = std::size_t{1} << 20;  // bytes of text
inline constexpr std::size_t condition_depth = 100;                   // parentheses and !

tl::expected<Expression, ConditionError> parse_condition(std::string_view text);

// The inputs that satisfy it. A system call name means each arch that has it, under its
// number there; next to `arch == TOKEN` (joined by &&) those arches alone.
symbolic::Condition inputs_of(symbolic::Manager& manager, const Expression& expression);
// The same where the byte order is known, to be met with a condition on arch.
symbolic::Condition inputs_of(symbolic::Manager& manager, const Expression& expression,
                              std::endian order);

// Whether it compares or joins fields with each other. Such sets are small only where the bits
// of these are interleaved, as all are in Order::fixed().
bool relates_fields(const Expression& expression);

// The way back: a short expression for exactly these inputs, which was checked to be equal.
// The same set gives the same expression, whatever it was made from, in managers of one order.
// Nothing when none is found that is short enough, or when the budget is used up.
std::optional<Expression> expression_of(const symbolic::Condition& condition, std::endian order);

}  // namespace assay::text
