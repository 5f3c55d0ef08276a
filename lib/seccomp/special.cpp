#include "assay/seccomp/special.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "assay/seccomp/arch.hpp"

namespace assay::seccomp {
namespace {

constexpr std::uint32_t uretprobe = 335;
constexpr std::uint32_t uprobe = 336;

// read, write, exit, and the sigreturn that returns from a handler.
constexpr auto strict_x86_64 = std::to_array<std::uint32_t>({0, 1, 60, 15});
constexpr auto strict_x86 = std::to_array<std::uint32_t>({3, 4, 1, 119});

bool contains(std::span<const std::uint32_t> numbers, std::uint32_t nr) {
  return std::find(numbers.begin(), numbers.end(), nr) != numbers.end();
}

}  // namespace

StrictVerdict strict_verdict(const SeccompData& data, const Semantics& semantics) {
  const bool native = data.arch == describe(Arch::x86_64).audit;
  const bool compat = data.arch == describe(Arch::x86).audit;
  const bool listed =
      (native && contains(strict_x86_64, data.nr)) || (compat && contains(strict_x86, data.nr));
  return listed || bypasses_filters(data, semantics) ? StrictVerdict::Runs : StrictVerdict::Killed;
}

bool bypasses_filters(const SeccompData& data, const Semantics& semantics) {
  if (data.arch != describe(Arch::x86_64).audit) return false;
  return (data.nr == uretprobe && semantics.uretprobe_exempt) ||
         (data.nr == uprobe && semantics.uprobe_exempt);
}

}  // namespace assay::seccomp
