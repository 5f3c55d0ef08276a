// The numbers at which filters and kernels change their mind, and draws around them.
#pragma once

#include <array>
#include <cstdint>

#include "assay/sample/random.hpp"

namespace assay::sample {

// Limits of the rules (16 cells, 31 bits to shift, 64 bytes of input, 4096 instructions,
// errno 4095), word boundaries, actions and architectures.
inline constexpr auto boundary_constants = std::to_array<std::uint32_t>({
    0,          1,          2,          3,          4,          5,          15,         16,
    31,         32,         33,         59,         60,         61,         63,         64,
    255,        256,        4095,       4096,       0xffff,     0x10000,    0x00030000, 0x00050000,
    0x7fc00000, 0x7ff00000, 0x7ffc0000, 0x7fff0000, 0x40000000, 0x40000003, 0xc000003e, 0xc00000b7,
    0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffff000, 0xffff0000, 0xfffffffe, 0xffffffff,
});

// A boundary or its neighbour, a single bit, or any number.
std::uint32_t any_constant(Random& random);
// n, or one beside it.
std::uint32_t near(Random& random, std::uint32_t n);

}  // namespace assay::sample
