// The lines of a filter that is a text, with names in assembly.
#pragma once

#include <cstddef>
#include <span>

#include "assay/bpf/lines.hpp"

namespace assay::text {

// As decode() of text/assembly.hpp, and the lines as in bpf::decode().
bpf::Decoded decode(std::span<const std::byte> bytes, bpf::Format format, std::size_t limit,
                    bpf::Lines* lines);

}  // namespace assay::text
