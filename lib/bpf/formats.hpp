// The readers and writers behind bpf::decode and bpf::encode, one pair a text format.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "assay/bpf/lines.hpp"

namespace assay::bpf {

// `lines` as in decode(), perhaps null.
Decoded decode_decimal(std::string_view text, std::size_t limit, Lines* lines);
Decoded decode_hex(std::string_view text, std::size_t limit, Lines* lines);
Decoded decode_c(std::string_view text, std::size_t limit, Lines* lines);

std::string encode_decimal(std::span<const Instruction> instructions);
std::string encode_hex(std::span<const Instruction> instructions);
std::string encode_c(std::span<const Instruction> instructions);

// Whether the text looks like C or like the decimal format (bpf::detect).
bool looks_like_c(std::string_view text);
bool looks_decimal(std::string_view text);
bool looks_hex(std::string_view text);

inline constexpr std::string_view an_instruction = "at least one instruction";
std::string at_most(std::size_t limit);

}  // namespace assay::bpf
