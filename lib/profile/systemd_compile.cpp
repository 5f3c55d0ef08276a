// The filters as libseccomp makes them, by the calls that systemd makes.
#include <cerrno>
#include <system_error>

#include "assay/profile/systemd_stack.hpp"
#include "profile/libseccomp_filter.hpp"

namespace assay::profile {
namespace {

using seccomp::Arch;

// What systemd does when libseccomp refuses a rule.
enum class Refused : std::uint8_t {
  Rule,    // goes on without it
  Absent,  // goes on without it if the ABI has no such call, else does not start the unit
  Filter,  // goes on without the filter
};

Refused on_refusal(SystemdOption option) {
  switch (option) {
    case SystemdOption::RestrictSUIDSGID: return Refused::Rule;
    case SystemdOption::ProtectKernelModules:
    case SystemdOption::ProtectClock:
    case SystemdOption::PrivateDevices:
    case SystemdOption::SystemCallLog:
    case SystemdOption::SystemCallFilter: return Refused::Absent;
    default: return Refused::Filter;
  }
}

class Compiler {
 public:
  explicit Compiler(const SystemdFilter& filter) : filter_(filter) {}

  // No program: systemd goes on without this filter.
  tl::expected<std::optional<SystemdProgram>, SystemdFailure> run() const {
    auto made = LibseccompFilter::open(filter_.rules.otherwise, arch());
    if (!made) return fail("", made.error());
    for (const Arch other : filter_.rules.arches)
      if (other != arch())
        if (const int error = made->add_arch(other); error != 0) return fail("", error);
    if (const int error = made->set_bad_arch(*filter_.rules.bad_arch); error != 0)
      return fail("", error);
    for (const Rule& rule : filter_.rules.rules) {
      const int error = add(*made, rule);
      if (error == 0) continue;
      const Refused then = on_refusal(filter_.option);
      if (then == Refused::Filter) return std::nullopt;
      if (then == Refused::Absent && error != EDOM) return fail(rule.calls.front().name, error);
    }
    auto instructions = made->instructions();
    if (!instructions) return fail("", instructions.error());
    return SystemdProgram{filter_.option, arch(), std::move(*instructions)};
  }

 private:
  Arch arch() const { return filter_.rules.arches.back(); }

  tl::unexpected<SystemdFailure> fail(std::string call, int error) const {
    return tl::unexpected(SystemdFailure{filter_.option, arch(), std::move(call), error});
  }

  static int add(LibseccompFilter& filter, const Rule& rule) {
    const auto number = LibseccompFilter::resolve(rule.calls.front().name.c_str());
    if (!number) return EDOM;
    return filter.add_rule(rule.verdict, *number, rule.conditions,
                           LibseccompFilter::Strictness::Exact);
  }

  const SystemdFilter& filter_;
};

}  // namespace

tl::expected<std::vector<SystemdProgram>, SystemdFailure> compile_systemd(
    std::span<const SystemdFilter> filters) {
  std::vector<SystemdProgram> programs;
  for (const SystemdFilter& filter : filters) {
    auto program = Compiler(filter).run();
    if (!program) return tl::unexpected(program.error());
    if (*program) programs.push_back(std::move(**program));
  }
  return programs;
}

std::string describe(const SystemdFailure& failure) {
  std::string text =
      std::string(name(failure.option)) + "=, " + std::string(describe(failure.arch).token) + ": ";
  if (!failure.call.empty()) text += "the rule for " + failure.call + ": ";
  return text + std::generic_category().message(failure.error);
}

}  // namespace assay::profile
