// Calls as tests write them: "LINE ARCH NR ARGUMENTS", of an argument
//
//   0x3    the whole register          0x3~   its upper half is assumed
//   0x3?   its upper half is not known *      a pointer to what was printed
//   $      a name without a value      %      in another form than the register's
//   _      not printed (left out at the end)
//
// After ARCH a ? when the recording does not tell it, after NR when another may be meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "assay/trace/reader.hpp"

namespace assay::trace {

std::string rendered(const Call& call);

// All lines of the text through a reader, in the order of their lines.
std::vector<Call> read_all(Reader& reader, std::string_view text);
std::vector<Call> read_all(Format format, std::string_view text,
                           seccomp::Arch arch = seccomp::Arch::x86_64);

}  // namespace assay::trace
