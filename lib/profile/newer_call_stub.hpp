// What runc puts in front of libseccomp's filter so that programs can tell a call that is too
// new for the profile from one that is forbidden: ENOSYS above the highest number that the
// profile names. Follows libcontainer/seccomp/patchbpf of runc 1.2 to 1.5, where the machine's
// own arch always takes part.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/seccomp/arch.hpp"

namespace assay::profile {

struct HighestNumber {
  seccomp::Arch arch;
  std::uint32_t number;  // 0: no check on this arch
};

std::vector<bpf::Instruction> newer_call_stub(std::span<const HighestNumber> arches);

}  // namespace assay::profile
