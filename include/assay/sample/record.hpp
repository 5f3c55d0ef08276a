// Records on which a program may decide differently: words are the program's constants,
// their neighbours and complements, single bits, and now and then any number.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/sample/random.hpp"
#include "assay/seccomp/seccomp_data.hpp"

namespace assay::sample {

struct RecordShape {
  // The arch of every record; any of the known ones, or a constant, when there is none.
  std::optional<std::uint32_t> arch{};
  // Keep instruction_pointer among the addresses of user space, as a kernel would see it.
  bool user_pointer = false;
};

std::vector<seccomp::SeccompData> records(Random& random, std::span<const bpf::Instruction> program,
                                          std::size_t count, const RecordShape& shape = {});

}  // namespace assay::sample
