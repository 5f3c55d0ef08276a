// The wording of verdicts: ALLOW LOG TRACE(n) USER_NOTIF ERRNO(n) TRAP(n) KILL_THREAD
// KILL_PROCESS UNKNOWN(0x12340000).
//
// n is the data as the kernel counts it, in decimal; data that nobody sees is not shown;
// UNKNOWN carries all 32 bits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "assay/seccomp/verdict.hpp"

namespace assay::text {

std::string to_text(seccomp::Verdict verdict, const seccomp::Semantics& semantics = {});

enum class VerdictErrorKind : std::uint8_t {
  UnknownAction,
  MissingData,     // "ERRNO"
  UnexpectedData,  // "ALLOW(1)"
  BadData,         // neither a number in range (ERRNO: 4095, else 65535) nor an errno name
};

struct VerdictError {
  VerdictErrorKind kind{};
  std::string found;
  std::string expected;
  friend bool operator==(const VerdictError&, const VerdictError&) = default;
};

// Reads what to_text writes, and errno names: ERRNO(EPERM).
tl::expected<seccomp::Verdict, VerdictError> parse_verdict(std::string_view text);

}  // namespace assay::text
