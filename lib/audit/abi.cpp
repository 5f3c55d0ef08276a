#include "audit/abi.hpp"

#include <algorithm>
#include <array>

#include "assay/names/syscalls.hpp"

namespace assay::audit {

using seccomp::Action;
using seccomp::Arch;
using seccomp::Verdict;
using symbolic::Condition;
using symbolic::VerdictFunction;

namespace {

constexpr std::size_t most_ranges = 1 << 14;
constexpr std::uint32_t mark_64_bit = 0x80000000;  // __AUDIT_ARCH_64BIT
constexpr std::array<std::uint32_t, 2> far_distances{600, 1000};

VerdictFunction without_high_halves(VerdictFunction function, const Abi& abi) {
  for (std::size_t argument = 0; argument < 6; ++argument)
    function = function.with_word(abi.high(argument), 0);
  const std::size_t ip_high = describe(abi.arch()).order == std::endian::little ? 3 : 2;
  return function.with_word(ip_high, 0);
}

}  // namespace

Outcome outcome(Verdict verdict, const seccomp::Semantics& semantics) {
  switch (verdict.action(semantics)) {
    case Action::Allow:
    case Action::Log: return Outcome::Open;
    case Action::UserNotif:
    case Action::Trace:
    case Action::Trap: return Outcome::Mediated;
    case Action::Errno: return verdict.data(semantics) == 0 ? Outcome::Fake : Outcome::Closed;
    default: return Outcome::Closed;
  }
}

Treatment::Treatment(VerdictFunction function, VerdictFunction raw,
                     const seccomp::Semantics& semantics)
    : function_(function),
      raw_(raw),
      open_(function.where(
          [&](Verdict verdict) { return outcome(verdict, semantics) == Outcome::Open; })),
      mediated_(function.where(
          [&](Verdict verdict) { return outcome(verdict, semantics) == Outcome::Mediated; })),
      fake_(function.where(
          [&](Verdict verdict) { return outcome(verdict, semantics) == Outcome::Fake; })) {
  for (const Verdict verdict : raw_.verdicts())
    for (const std::size_t word : raw_.where(verdict).words()) words_ |= 1U << word;
}

Abi::Abi(const VerdictFunction& function, Arch arch, const seccomp::Semantics& semantics)
    : arch_(arch), semantics_(semantics), function_(function.with_word(1, describe(arch).audit)) {
  const auto groups = function_.groups_of(0, most_ranges);
  if (!groups) return;
  for (const VerdictFunction::Group& group : *groups) {
    for (const Condition::Range& range : group.values)
      starts_[range.first] = {range.last, rests_.size()};
    rests_.push_back(group.rest);
  }
}

bool Abi::is_64_bit() const { return (describe(arch_).audit & mark_64_bit) != 0; }

const Treatment& Abi::of(std::uint32_t nr) const {
  const bool known = !rests_.empty();
  const std::size_t group = known ? group_of(nr) : 0;
  std::unique_ptr<Treatment>& slot = known ? groups_[group] : singles_[nr];
  if (!slot) {
    const VerdictFunction raw = known ? rests_[group] : function_.with_word(0, nr);
    slot = std::make_unique<Treatment>(is_64_bit() ? raw : without_high_halves(raw, *this), raw,
                                       semantics_);
  }
  return *slot;
}

std::size_t Abi::group_of(std::uint32_t nr) const {
  return std::prev(starts_.upper_bound(nr))->second.group;
}

std::optional<std::uint32_t> Abi::number(std::string_view call) const {
  return names::syscall_number(arch_, call);
}

const Treatment* Abi::find(std::string_view call) const {
  const auto nr = number(call);
  return nr ? &of(*nr) : nullptr;
}

// Numbers of MIPS start at 4000, 5000 or 6000, those of x32 with bit 30.
std::uint32_t Abi::far_number() const {
  const std::uint32_t bit = describe(arch_).nr_bit;
  const std::uint32_t some = number("read").value_or(bit) & ~bit;
  return (some - some % 1000 + far_distances[0]) | bit;
}

bool Abi::deny_list() const {
  return far().always_open() && of(far_number() + far_distances[1]).always_open();
}

bool Abi::allow_list() const {
  return far().never_open() && of(far_number() + far_distances[1]).never_open();
}

bool Abi::serves() const {
  const auto calls = names::all_syscall_names(arch_);
  return std::any_of(calls.begin(), calls.end(), [&](std::string_view call) {
    const Treatment* const treatment = find(call);
    return treatment != nullptr && !treatment->never_open();
  });
}

seccomp::Words Abi::input(std::uint32_t nr, seccomp::Words words) const {
  words[0] = nr;
  words[1] = describe(arch_).audit;
  return words;
}

std::size_t Abi::low(std::size_t argument) const {
  return 4 + 2 * argument + (describe(arch_).order == std::endian::little ? 0 : 1);
}

std::vector<Arch> abis_of(Arch machine) {
  switch (machine) {
    case Arch::x86_64: return {Arch::x86_64, Arch::x86, Arch::x32};
    case Arch::aarch64: return {Arch::aarch64, Arch::arm};
    case Arch::ppc64: return {Arch::ppc64, Arch::ppc};
    case Arch::mips64: return {Arch::mips64, Arch::mips64n32, Arch::mips};
    case Arch::mipsel64: return {Arch::mipsel64, Arch::mipsel64n32, Arch::mipsel};
    case Arch::s390x: return {Arch::s390x, Arch::s390};
    case Arch::riscv64: return {Arch::riscv64, Arch::riscv32};
    case Arch::parisc64: return {Arch::parisc64, Arch::parisc};
    case Arch::sparc64: return {Arch::sparc64, Arch::sparc};
    default: return {machine};
  }
}

}  // namespace assay::audit
