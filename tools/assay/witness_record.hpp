// An input as people and scripts get it: a record (docs/formats/records.md), its 64-bit
// fields in the byte order of its arch, its system call by name where it has one.
#pragma once

#include <string>

#include "assay/seccomp/seccomp_data.hpp"
#include "json.hpp"

namespace assay::tool {

// {"arch":"x86_64","nr":257,"syscall":"openat","ip":0,"args":[0,0,0,0,0,0]}
Json to_record(const seccomp::Words& words);
// As options of `assay run`: "--arch x86_64 --syscall openat --arg 2=1".
std::string to_options(const seccomp::Words& words);

std::string hex(std::uint64_t value);  // "0x1f"
// 64-bit values are numbers below 2^53, else "0x...".
Json json_number(std::uint64_t value);
// The logarithm of a number of inputs, to six places.
Json log2_of(double log2);
// "2^447.5 inputs"
std::string inputs_text(double log2);

}  // namespace assay::tool
