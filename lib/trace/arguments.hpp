// What stands between the parentheses of a call as strace prints it.
//
// Strings, structs, sets, comments and the <...> after a descriptor may hold any character, so
// that commas and ) count only outside of them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "assay/trace/call.hpp"

namespace assay::trace {

// A printed argument as a register.
struct Value {
  std::uint64_t bits = 0;
  std::uint64_t known = 0;
  std::uint64_t assumed = 0;
  bool nonzero = false;
  Gap gap = Gap::Unprinted;
};

struct Argument {
  std::string_view name;  // "flags" of flags=..., mostly empty
  std::string_view text;
};

struct ArgumentList {
  static constexpr std::size_t most = 12;
  std::array<Argument, most> arguments;
  std::size_t count = 0;
  bool closed = false;          // the ) was there
  std::string_view rest;        // after it
  bool continues_last = false;  // a resumed call: " => {...}" belongs to the last argument
  bool follows_comma = false;   // or its first argument stands after a comma of its own
};

// `text` starts after the ( or, in a resumed call, after "resumed>".
ArgumentList split_arguments(std::string_view text);

// Every argument a plain hexadecimal number or 0, as -e raw=all prints them.
bool all_plain(const ArgumentList& list);

struct ValueRules {
  bool exact = false;   // numbers are whole registers
  bool symbols = true;  // names have their usual values on this arch
};
Value value_of(std::string_view text, const ValueRules& rules);

}  // namespace assay::trace
