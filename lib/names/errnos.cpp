#include "assay/names/errnos.hpp"

#include <algorithm>
#include <array>

namespace assay::names {
namespace {

struct Row {
  std::string_view name;
  std::array<std::optional<std::uint16_t>, 6> numbers;  // by ErrnoFamily
};

constexpr auto rows = std::to_array<Row>({
#include "errnos.inc"
});

std::optional<std::uint16_t> number_in(const Row& row, ErrnoFamily family) {
  return row.numbers[static_cast<std::size_t>(family)];
}

}  // namespace

ErrnoFamily errno_family(seccomp::Arch arch) {
  using seccomp::Arch;
  switch (arch) {
    case Arch::ppc:
    case Arch::ppc64:
    case Arch::ppc64le: return ErrnoFamily::PowerPc;
    case Arch::mips:
    case Arch::mipsel:
    case Arch::mips64:
    case Arch::mipsel64:
    case Arch::mips64n32:
    case Arch::mipsel64n32: return ErrnoFamily::Mips;
    case Arch::sparc:
    case Arch::sparc64: return ErrnoFamily::Sparc;
    case Arch::parisc:
    case Arch::parisc64: return ErrnoFamily::Parisc;
    case Arch::alpha: return ErrnoFamily::Alpha;
    default: return ErrnoFamily::Generic;
  }
}

std::optional<std::uint16_t> errno_number(seccomp::Arch arch, std::string_view name) {
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const Row& candidate) { return candidate.name == name; });
  if (row == rows.end()) return std::nullopt;
  return number_in(*row, errno_family(arch));
}

std::optional<std::string_view> errno_name(seccomp::Arch arch, std::uint32_t number) {
  const ErrnoFamily family = errno_family(arch);
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& candidate) {
    return number_in(candidate, family) == number;
  });
  if (row == rows.end()) return std::nullopt;
  return row->name;
}

std::vector<std::string_view> all_errno_names(seccomp::Arch arch) {
  const ErrnoFamily family = errno_family(arch);
  std::vector<std::string_view> names;
  for (const Row& row : rows) {
    if (number_in(row, family)) names.push_back(row.name);
  }
  return names;
}

}  // namespace assay::names
