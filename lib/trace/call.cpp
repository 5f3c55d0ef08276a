#include "assay/trace/call.hpp"

namespace assay::trace {

std::string_view describe(Gap gap) {
  switch (gap) {
    case Gap::None: return "recorded";
    case Gap::HighHalf: return "upper half not recorded";
    case Gap::Content: return "a pointer, of which the recording has what it points to";
    case Gap::Symbolic: return "recorded as a name or expression without a known value";
    case Gap::Unprinted: return "not recorded";
    case Gap::Split: return "recorded in another form than the register's";
  }
  return "";
}

Call call_of(const seccomp::SeccompData& record, std::size_t line) {
  Call call;
  call.data = record;
  call.line = line;
  return call;
}

Call call_of(std::uint32_t arch, std::uint32_t nr, std::size_t line) {
  Call call;
  call.data.arch = arch;
  call.data.nr = nr;
  call.known = {~0U, ~0U, 0, {}};
  call.gaps.fill(Gap::Unprinted);
  call.line = line;
  return call;
}

}  // namespace assay::trace
