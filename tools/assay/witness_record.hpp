// An input as people and scripts get it: a record (docs/formats/records.md), its 64-bit
// fields in the byte order of its arch, its system call by name where it has one.
#pragma once

#include <string>
#include <string_view>

#include "assay/report/json.hpp"
#include "assay/seccomp/seccomp_data.hpp"
#include "json.hpp"

namespace assay::tool {

// {"arch":"x86_64","nr":257,"syscall":"openat","ip":0,"args":[0,0,0,0,0,0]}
inline Json to_record(const seccomp::Words& words) { return report::record_json(words); }
// As options of `assay run`: "--arch x86_64 --syscall openat --arg 2=1".
std::string to_options(const seccomp::Words& words);
// A word of a command as a shell reads it: quoted where it must be.
std::string shell_word(std::string_view word);

using report::hex;
using report::json_number;
using report::log2_of;
// "2^447.5 inputs"
std::string inputs_text(double log2);

}  // namespace assay::tool
