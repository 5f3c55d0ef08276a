// Where in a text each instruction of a filter stands, for those who point there.
#pragma once

#include <cstdint>
#include <vector>

#include "assay/bpf/codec.hpp"

namespace assay::bpf {

// The line, from 1, on which each instruction begins.
using Lines = std::vector<std::uint32_t>;

// As decode() of codec.hpp. Writes `lines` where it is asked for: one for each instruction of a
// text, and none for Raw and RawBe.
Decoded decode(std::span<const std::byte> bytes, Format format, std::size_t limit, Lines* lines);

}  // namespace assay::bpf
