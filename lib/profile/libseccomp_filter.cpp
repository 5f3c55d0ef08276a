#include "profile/libseccomp_filter.hpp"

#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "assay/bpf/codec.hpp"

namespace assay::profile {
namespace {

using seccomp::Arch;

std::uint32_t token_of(Arch arch) {
  return seccomp_arch_resolve_name(std::string(describe(arch).token).c_str());
}

scmp_compare comparison_of(Operator op) {
  switch (op) {
    case Operator::NotEqual: return SCMP_CMP_NE;
    case Operator::Less: return SCMP_CMP_LT;
    case Operator::LessEqual: return SCMP_CMP_LE;
    case Operator::GreaterEqual: return SCMP_CMP_GE;
    case Operator::Greater: return SCMP_CMP_GT;
    case Operator::MaskedEqual: return SCMP_CMP_MASKED_EQ;
    case Operator::Equal:
    case Operator::MaskedNotEqual: break;
  }
  return SCMP_CMP_EQ;
}

scmp_arg_cmp comparator_of(const ArgumentCondition& condition) {
  return {condition.index, comparison_of(condition.op), condition.value, condition.value_two};
}

class Memory {
 public:
  Memory() : descriptor_(memfd_create("filter", MFD_CLOEXEC)) {}
  ~Memory() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

void LibseccompFilter::Release::operator()(void* context) const { seccomp_release(context); }

tl::expected<LibseccompFilter, int> LibseccompFilter::open(seccomp::Verdict otherwise, Arch arch) {
  LibseccompFilter filter(seccomp_init(otherwise.value));
  if (!filter.context_) return tl::unexpected(EINVAL);
  const std::uint32_t token = token_of(arch);
  if (token == 0) return tl::unexpected(EINVAL);
  if (token == seccomp_arch_native()) return filter;
  // Removed first: arches of two byte orders never meet.
  if (const int error = seccomp_arch_remove(filter.context_.get(), SCMP_ARCH_NATIVE); error != 0)
    return tl::unexpected(-error);
  if (const int error = seccomp_arch_add(filter.context_.get(), token); error != 0)
    return tl::unexpected(-error);
  return filter;
}

int LibseccompFilter::add_arch(Arch arch) {
  const std::uint32_t token = token_of(arch);
  if (token == 0) return EINVAL;
  const int error = -seccomp_arch_add(context_.get(), token);
  return error == EEXIST ? 0 : error;
}

int LibseccompFilter::set_bad_arch(seccomp::Verdict verdict) {
  return -seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, verdict.value);
}

int LibseccompFilter::set_tree() {
  return -seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
}

int LibseccompFilter::add_rule(seccomp::Verdict verdict, int number,
                               std::span<const ArgumentCondition> conditions,
                               Strictness strictness) {
  constexpr std::size_t most = 6;
  if (conditions.size() > most) return EINVAL;
  std::array<scmp_arg_cmp, most> comparators{};
  for (std::size_t i = 0; i < conditions.size(); ++i) comparators[i] = comparator_of(conditions[i]);
  const auto add =
      strictness == Strictness::Exact ? seccomp_rule_add_exact_array : seccomp_rule_add_array;
  return -add(context_.get(), verdict.value, number, static_cast<unsigned>(conditions.size()),
              comparators.data());
}

int LibseccompFilter::set_priority(int number, std::uint8_t priority) {
  return -seccomp_syscall_priority(context_.get(), number, priority);
}

tl::expected<std::vector<bpf::Instruction>, int> LibseccompFilter::instructions() const {
  const Memory memory;
  if (memory.descriptor() < 0) return tl::unexpected(errno);
  if (const int error = seccomp_export_bpf(context_.get(), memory.descriptor()); error != 0)
    return tl::unexpected(-error);
  const off_t size = lseek(memory.descriptor(), 0, SEEK_END);
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  if (pread(memory.descriptor(), bytes.data(), bytes.size(), 0) != size) return tl::unexpected(EIO);
  auto decoded = bpf::decode(bytes, bpf::Format::Raw);
  if (!decoded) return tl::unexpected(E2BIG);
  return std::move(*decoded);
}

std::optional<int> LibseccompFilter::resolve(const char* name) {
  const int number = seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR) return std::nullopt;
  return number;
}

std::optional<int> LibseccompFilter::resolve(Arch arch, const char* name) {
  const int number = seccomp_syscall_resolve_name_arch(token_of(arch), name);
  if (number == __NR_SCMP_ERROR) return std::nullopt;
  return number;
}

}  // namespace assay::profile
