#include "assay/text/rejection.hpp"

#include <array>
#include <cstdio>

#include "assay/bpf/opcode.hpp"

namespace assay::text {
namespace {

using verify::Rejection;
using verify::RejectionKind;

std::string hex(std::uint64_t value, int digits = 1) {
  std::array<char, 32> text;  // NOLINT: snprintf fills it
  std::snprintf(text.data(), text.size(), "0x%0*llx", digits,
                static_cast<unsigned long long>(value));
  return text.data();
}

std::string decimal(std::uint64_t value) { return std::to_string(value); }

// "0x16 (ret)", or the number alone.
std::string code_text(std::uint64_t code) {
  const bpf::Opcode* row = bpf::find_opcode(static_cast<std::uint16_t>(code));
  std::string text = "code " + hex(code, 4);
  if (row != nullptr) text += " (" + std::string(row->mnemonic) + ")";
  return text;
}

std::string jump_text(std::string_view which, const Rejection& rejection) {
  return std::string(which) + " to " + decimal(rejection.found) + ", the last instruction is " +
         decimal(rejection.limit);
}

std::string reason(const Rejection& r) {
  switch (r.kind) {
    case RejectionKind::Empty: return "a filter needs at least one instruction";
    case RejectionKind::TooLong:
      return decimal(r.found) + " instructions, the longest filter has " + decimal(r.limit);
    case RejectionKind::UnknownOpcode:
      return code_text(r.found) + " is no instruction that Linux knows";
    case RejectionKind::DivisionByZero: return "division by the constant 0";
    case RejectionKind::ShiftOutOfRange:
      return "shift by " + decimal(r.found) + ", the largest constant shift is " + decimal(r.limit);
    case RejectionKind::ScratchOutOfRange:
      return "M[" + decimal(r.found) + "], the last cell is M[" + decimal(r.limit) + "]";
    case RejectionKind::JumpOutOfRange: return jump_text("jump", r);
    case RejectionKind::TrueOutOfRange: return jump_text("jump when true", r);
    case RejectionKind::FalseOutOfRange: return jump_text("jump when false", r);
    case RejectionKind::AncillaryOffset:
      return "offset " + hex(r.found) + " is in the ancillary range and names no data there";
    case RejectionKind::NoReturnAtEnd:
      return code_text(r.found) + " is last, the last instruction must be ret";
    case RejectionKind::UninitialisedScratch:
      return "M[" + decimal(r.found) + "] is loaded where it may not have been stored";
    case RejectionKind::RefusedBySeccomp: return code_text(r.found) + " is for socket filters only";
    case RejectionKind::OffsetOutOfRange:
      return "load from offset " + hex(r.found) + ", the last one in seccomp_data is " +
             decimal(r.limit);
    case RejectionKind::OffsetUnaligned:
      return "load from offset " + decimal(r.found) + ", which is not a multiple of 4";
  }
  return "refused";
}

}  // namespace

std::string to_text(const Rejection& rejection) {
  if (!rejection.insn) return reason(rejection);
  return "instruction " + decimal(*rejection.insn) + ": " + reason(rejection);
}

}  // namespace assay::text
