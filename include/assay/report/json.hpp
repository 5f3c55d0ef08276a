// Answers as JSON, field by field as docs/schema/ has them: what the command and the C library
// both write.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "assay/seccomp/seccomp_data.hpp"
#include "assay/text/difference.hpp"
#include "assay/text/policy.hpp"

namespace assay::report {

using Json = nlohmann::ordered_json;

std::string hex(std::uint64_t value);  // "0x1f"
// 64-bit values are numbers below 2^53, else "0x...".
Json json_number(std::uint64_t value);
// The logarithm of a number of inputs, to six places.
Json log2_of(double log2);

// An input as a record: {"arch":"x86_64","nr":257,"syscall":"openat","ip":0,"args":[...]}
Json record_json(const seccomp::Words& words);

// The system calls of a rule: names, numbers that have none, ranges "FIRST..LAST"; ["*"] for
// all of the arch.
Json syscalls_json(const text::Scope& scope, const text::Rule& rule);
Json policy_json(const text::ArchPolicy& arch, const seccomp::Semantics& semantics);
// With an input that shows it.
Json difference_json(const text::Difference& difference, const seccomp::Words& witness,
                     const seccomp::Semantics& semantics);

}  // namespace assay::report
