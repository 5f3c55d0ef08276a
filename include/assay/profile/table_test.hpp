// Tests of a profile as a table of calls and the verdicts that are expected for them:
//
//   cases:
//     - name: no raw sockets
//       call: socket
//       arch: [x86_64, x86]
//       args: {0: [AF_UNIX, AF_INET], 1: "SOCK_RAW..SOCK_PACKET", 2: "*"}
//       expect: ERRNO(EPERM)
//
// A row speaks of all inputs that it describes, and passes when every one of them gets a verdict
// that is expected: proven through the verdict function, a witness for each that does not. Rows
// together cover rules and branches; what they leave out is told. Format: docs/profile-tests.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/profile/target.hpp"
#include "assay/symbolic/decider.hpp"
#include "assay/text/condition.hpp"
#include "assay/verify/program.hpp"

namespace assay::profile {

struct ArgumentValues {
  std::uint32_t index = 0;
  // Any of these, first to last. Negative numbers are as wide as the ABI's arguments.
  struct Range {
    std::int64_t first = 0;
    std::int64_t last = 0;
    friend bool operator==(const Range&, const Range&) = default;
  };
  std::vector<Range> ranges;  // none: any value
};

struct ExpectedVerdict {
  seccomp::Action action{};
  std::optional<std::uint16_t> data;  // none: any
  bool holds(seccomp::Verdict verdict) const;
};

struct TableCase {
  std::string name;
  Place place;
  std::vector<seccomp::Arch> arches;           // none: the machine's own
  std::vector<std::string> calls;              // names; with numbers none: every call
  std::vector<ArgumentValues::Range> numbers;  // beside the names
  std::vector<ArgumentValues> arguments;       // all of them
  std::optional<text::Expression> condition;   // `when`, besides
  std::vector<ExpectedVerdict> expected;       // any of them
  std::string expected_text;
};

struct Table {
  std::vector<TableCase> cases;
};

inline constexpr std::size_t table_cases = 100'000;

tl::expected<Table, ReadError> read_table(std::string_view text, std::uint32_t file = 0);

// Inputs of a row that get a verdict which is not expected.
struct Violation {
  seccomp::Verdict verdict;
  seccomp::Words witness{};
  symbolic::Count inputs;
};

struct CaseResult {
  std::size_t row = 0;  // of Table::cases
  seccomp::Arch arch{};
  symbolic::Count inputs;  // none: the row describes no input there, which is an error
  std::vector<Violation> violations;
  bool passed() const { return violations.empty() && !inputs.is_zero(); }
};

struct Coverage {
  std::size_t covered = 0;
  std::size_t total = 0;  // of those that some input reaches
  struct Missed {
    Place place;       // of a rule
    std::string what;  // in words
    seccomp::Words witness{};
  };
  std::vector<Missed> missed;
};

struct TableResult {
  std::vector<CaseResult> results;  // in the order of the rows, then of their arches
  Coverage rules;
  Coverage branches;  // of the filters that only load, mask and compare words

  std::size_t failed() const;
};

struct TableOptions {
  symbolic::Budget budget;
  seccomp::Semantics semantics;
};

// Of the filters, oldest first, that were made for the target. Without a target the rules are
// left out.
tl::expected<TableResult, symbolic::NotDecided> run_table(const Table& table, const Target* target,
                                                          const Environment& environment,
                                                          std::span<const verify::Program> filters,
                                                          const TableOptions& options = {});

}  // namespace assay::profile
