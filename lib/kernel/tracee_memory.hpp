// Instructions out of the memory of a stopped tracee.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "assay/bpf/instruction.hpp"

namespace assay::kernel {

// What the struct sock_fprog at `address` points to; narrow: with a 32-bit pointer. Nothing
// when it cannot be read or has a length that the kernel refuses anyway.
std::optional<std::vector<bpf::Instruction>> read_fprog(int tid, std::uint64_t address,
                                                        bool narrow);

}  // namespace assay::kernel
