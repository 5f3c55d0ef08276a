#include "witness_record.hpp"

#include <optional>

#include "assay/names/syscalls.hpp"
#include "assay/seccomp/arch.hpp"

namespace assay::tool {
namespace {

using seccomp::Arch;
using seccomp::SeccompData;

// A number that no architecture has is none; x86_64 with bit 30 in nr is x32.
std::optional<Arch> arch_of(const SeccompData& data) {
  const auto arch = seccomp::find_arch(data.arch);
  if (arch != Arch::x86_64) return arch;
  const bool x32 = (data.nr & seccomp::x32_bit) != 0;
  return x32 ? Arch::x32 : Arch::x86_64;
}

std::optional<std::string_view> syscall_of(std::optional<Arch> arch, std::uint32_t nr) {
  return arch ? names::syscall_name(*arch, nr) : std::nullopt;
}

SeccompData record_of(const seccomp::Words& words) {
  return seccomp::from_words(words, seccomp::byte_order(words[1]));
}

std::string short_number(std::uint64_t value) {
  return value < 4096 ? std::to_string(value) : hex(value);
}

}  // namespace

std::string inputs_text(double log2) {
  std::string text = log2_of(log2).dump();
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return "2^" + text + " inputs";
}

std::string to_options(const seccomp::Words& words) {
  const SeccompData data = record_of(words);
  const auto arch = arch_of(data);
  const auto syscall = syscall_of(arch, data.nr);
  std::string text = "--arch " + (arch ? std::string(describe(*arch).token) : hex(data.arch));
  text += syscall ? " --syscall " + std::string(*syscall) : " --nr " + short_number(data.nr);
  if (data.instruction_pointer != 0) text += " --ip " + short_number(data.instruction_pointer);
  for (std::size_t i = 0; i < data.args.size(); ++i)
    if (data.args[i] != 0) text += " --arg " + std::to_string(i) + "=" + short_number(data.args[i]);
  return text;
}

std::string shell_word(std::string_view word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos)
    return std::string(word);
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

}  // namespace assay::tool
