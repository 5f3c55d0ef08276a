#include "assay/seccomp/arch.hpp"

#include <algorithm>

namespace assay::seccomp {
namespace {

template <class Matches>
std::optional<Arch> first(Matches matches) {
  const auto row = std::find_if(arches.begin(), arches.end(), matches);
  if (row == arches.end()) return std::nullopt;
  return row->arch;
}

}  // namespace

std::optional<Arch> find_arch(std::string_view token) {
  return first([&](const ArchInfo& row) { return row.token == token; });
}

std::optional<Arch> find_arch(std::uint32_t audit) {
  return first([&](const ArchInfo& row) { return row.audit == audit; });
}

std::optional<Arch> find_arch_macro(std::string_view macro) {
  return first([&](const ArchInfo& row) { return row.macro == macro; });
}

std::endian byte_order(std::uint32_t audit) {
  const auto arch = find_arch(audit);
  return arch ? describe(*arch).order : std::endian::little;
}

}  // namespace assay::seccomp
