// One disagreement between assay and the kernel, as a value and as a file that a test replays.
//
//   value
//   seed 1, item 32
//   record 0x3 0xc000003e 0x0 0x0 0x0 0x0 0x0 0x0 0x0      (nr arch ip args)
//   ours 0x00050001
//   kernel 0x00050002
//   filter
//   0x20 0 0 0x0                                            (code jt jf k)
//   0x16 0 0 0x0
//
// A stack has a "filter" for each of its programs, oldest first.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/kernel/judge.hpp"
#include "assay/seccomp/seccomp_data.hpp"

namespace assay::kernel {

enum class FindingKind : std::uint8_t { Accepted, Returned, Seen };
std::string_view name(FindingKind kind);

struct Finding {
  FindingKind kind{};
  std::uint64_t seed = 0;
  std::uint64_t item = 0;
  std::vector<std::vector<bpf::Instruction>> stack;  // one program but for Seen
  seccomp::SeccompData record{};                     // but for Accepted
  std::string ours;
  std::string theirs;  // the kernel's
  friend bool operator==(const Finding&, const Finding&) = default;
};

std::string to_text(const Finding& finding);
// The error is the number of the line that cannot be read, from 1.
tl::expected<Finding, std::size_t> parse_finding(std::string_view text);

// Asks again: the finding with today's answers when they still differ, else nothing. A
// finding whose programs are no longer accepted by both is of kind Accepted.
tl::expected<std::optional<Finding>, Failure> replay(const Finding& finding, Judge& judge);

// A smaller one of the same kind: instructions dropped, fields zeroed, as far as some hundreds
// of questions lead.
Finding minimised(const Finding& finding, Judge& judge);

}  // namespace assay::kernel
