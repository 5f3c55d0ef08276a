// The filters as libseccomp makes them, by the calls that systemd makes.
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "assay/bpf/codec.hpp"
#include "assay/profile/systemd_stack.hpp"

namespace assay::profile {
namespace {

using seccomp::Arch;

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};
using Context = std::unique_ptr<void, Release>;

// A descriptor of memory to which libseccomp can write.
class Memory {
 public:
  Memory() : descriptor_(memfd_create("filter", MFD_CLOEXEC)) {}
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  int descriptor() const { return descriptor_; }
  std::string contents() const {
    std::string bytes;
    std::array<char, 4096> block{};
    for (;;) {
      const ssize_t got =
          pread(descriptor_, block.data(), block.size(), static_cast<off_t>(bytes.size()));
      if (got <= 0) return bytes;
      bytes.append(block.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  int descriptor_;
};

std::uint32_t token_of(Arch arch) {
  return seccomp_arch_resolve_name(std::string(describe(arch).token).c_str());
}

scmp_compare operator_of(Operator op) {
  switch (op) {
    case Operator::NotEqual: return SCMP_CMP_NE;
    case Operator::Less: return SCMP_CMP_LT;
    case Operator::LessEqual: return SCMP_CMP_LE;
    case Operator::GreaterEqual: return SCMP_CMP_GE;
    case Operator::Greater: return SCMP_CMP_GT;
    case Operator::MaskedEqual: return SCMP_CMP_MASKED_EQ;
    case Operator::Equal:
    case Operator::MaskedNotEqual: break;  // systemd has no rule with the latter
  }
  return SCMP_CMP_EQ;
}

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
  tl::expected<std::optional<SystemdProgram>, SystemdFailure> run() {
    context_.reset(seccomp_init(filter_.rules.otherwise.value));
    if (!context_) return fail("", EINVAL);
    if (const int error = set_up(); error < 0) return fail("", -error);
    for (const Rule& rule : filter_.rules.rules) {
      const int error = add(rule);
      if (error == 0) continue;
      const Refused then = on_refusal(filter_.option);
      if (then == Refused::Filter) return std::nullopt;
      if (then == Refused::Absent && error != -EDOM) return fail(rule.calls.front().name, -error);
    }
    return exported();
  }

 private:
  Arch arch() const { return filter_.rules.arches.back(); }

  tl::unexpected<SystemdFailure> fail(std::string call, int error) const {
    return tl::unexpected(SystemdFailure{filter_.option, arch(), std::move(call), error});
  }

  // The native arch, which a new context has, gives way to those of the rules.
  int set_up() {
    const std::uint32_t native = seccomp_arch_native();
    bool keeps_native = false;
    for (const Arch arch : filter_.rules.arches) keeps_native |= token_of(arch) == native;
    if (!keeps_native)
      if (const int error = seccomp_arch_remove(context_.get(), native); error < 0) return error;
    for (const Arch arch : filter_.rules.arches) {
      if (token_of(arch) == native) continue;
      if (const int error = seccomp_arch_add(context_.get(), token_of(arch)); error < 0)
        return error;
    }
    const std::uint32_t bad_arch = filter_.rules.bad_arch->value;
    return seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, bad_arch);
  }

  int add(const Rule& rule) {
    const int nr = seccomp_syscall_resolve_name(rule.calls.front().name.c_str());
    if (nr == __NR_SCMP_ERROR) return -EDOM;
    std::vector<scmp_arg_cmp> conditions;
    for (const ArgumentCondition& condition : rule.conditions)
      conditions.push_back(
          {condition.index, operator_of(condition.op), condition.value, condition.value_two});
    return seccomp_rule_add_exact_array(context_.get(), rule.verdict.value, nr,
                                        static_cast<unsigned>(conditions.size()),
                                        conditions.data());
  }

  tl::expected<std::optional<SystemdProgram>, SystemdFailure> exported() {
    const Memory memory;
    if (memory.descriptor() < 0) return fail("", errno);
    if (const int error = seccomp_export_bpf(context_.get(), memory.descriptor()); error < 0)
      return fail("", -error);
    const std::string bytes = memory.contents();
    auto instructions = bpf::decode(bpf::bytes_of(bytes), bpf::Format::Raw);
    if (!instructions) return fail("", EINVAL);
    return SystemdProgram{filter_.option, arch(), std::move(*instructions)};
  }

  const SystemdFilter& filter_;
  Context context_;
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
