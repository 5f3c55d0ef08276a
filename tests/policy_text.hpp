// Filters as rows of tests/data/audit write them: what each call gets, a line each.
//
//   arch x86_64                          a part for one arch, ended by the next
//   mount: ERRNO(EPERM)
//   socket arg0 == 38: ERRNO(EPERM)      all 64 bits; != is there, too
//   ioctl arg1.lo == TIOCSTI: TRAP(0)    one half
//   clone arg0.lo & CLONE_NEWUSER: ...   any of the bits
//   x32: KILL_PROCESS                    numbers with bit 30; before the calls
//   default: ALLOW
//   other: KILL_PROCESS                  every other arch; KILL_PROCESS when not said
//
// Without an arch line the arch is not looked at, and names are those of x86_64. A line "---"
// starts the next filter of a stack; a filter whose first line is "asm" is assembly.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "assay/verify/accept.hpp"

namespace assay::test {

// The filters of a body, oldest first; fails the program when one does not assemble.
std::vector<verify::Program> filters_of(std::string_view body, std::string_view where);

}  // namespace assay::test
