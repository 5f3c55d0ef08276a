// Would Linux accept these instructions as a filter? Instructions in, Program or
// Rejection out.
//
// The checks run in the kernel's order, so that the first failure here is the first one
// there: length, then bpf_check_classic() with its pass over M[] (net/core/filter.c), then
// seccomp_check_filter() (kernel/seccomp.c). Left out are the parts of the system call that
// the instructions do not decide: flags, privilege, memory, the chain (verify/install.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tl/expected.hpp>

#include "assay/bpf/instruction.hpp"
#include "assay/seccomp/semantics.hpp"
#include "assay/verify/program.hpp"

namespace assay::verify {

enum class RejectionKind : std::uint8_t {
  Empty,
  TooLong,               // found instructions, limit 4096
  UnknownOpcode,         // found code
  DivisionByZero,        // DIV K or MOD K with k = 0
  ShiftOutOfRange,       // found k, limit 31
  ScratchOutOfRange,     // found k, limit 15
  JumpOutOfRange,        // found target, limit last instruction; JA
  TrueOutOfRange,        // the same for jt
  FalseOutOfRange,       // and jf
  AncillaryOffset,       // found k: above SKF_AD_OFF and no ancillary field
  NoReturnAtEnd,         // found code of the last instruction
  UninitialisedScratch,  // found M[] index
  RefusedBySeccomp,      // found code: valid for sockets only
  OffsetOutOfRange,      // found k, limit 60
  OffsetUnaligned,       // found k
};

// The identifier used in reports, "jump-out-of-range".
std::string_view name(RejectionKind kind);
// All of them, in the order above: what a test of acceptance has to meet.
std::span<const RejectionKind> rejection_kinds();

struct Rejection {
  int error = 0;                    // errno of the system call: EINVAL
  std::optional<std::size_t> insn;  // none when the length is at fault
  RejectionKind kind{};
  std::uint64_t found = 0;  // what stands there
  std::uint64_t limit = 0;  // the largest value that would do, where there is one

  friend bool operator==(const Rejection&, const Rejection&) = default;
};

tl::expected<Program, Rejection> accept(std::span<const bpf::Instruction> instructions,
                                        const seccomp::Semantics& semantics = {});

}  // namespace assay::verify
