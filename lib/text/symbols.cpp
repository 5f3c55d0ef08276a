#include "text/symbols.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "assay/names/constants.hpp"
#include "assay/names/errnos.hpp"
#include "assay/names/nearest.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/seccomp/seccomp_data.hpp"
#include "assay/text/verdict.hpp"

namespace assay::text {
namespace {

using seccomp::Arch;

struct Word {
  std::string_view little;  // what this word is on a little-endian machine
  std::string_view big;
};

constexpr std::array<Word, seccomp::data_words> words{{
    {"nr", "nr"},
    {"arch", "arch"},
    {"instruction_pointer.lo", "instruction_pointer.hi"},
    {"instruction_pointer.hi", "instruction_pointer.lo"},
    {"args[0].lo", "args[0].hi"},
    {"args[0].hi", "args[0].lo"},
    {"args[1].lo", "args[1].hi"},
    {"args[1].hi", "args[1].lo"},
    {"args[2].lo", "args[2].hi"},
    {"args[2].hi", "args[2].lo"},
    {"args[3].lo", "args[3].hi"},
    {"args[3].hi", "args[3].lo"},
    {"args[4].lo", "args[4].hi"},
    {"args[4].hi", "args[4].lo"},
    {"args[5].lo", "args[5].hi"},
    {"args[5].hi", "args[5].lo"},
}};

std::string_view name_of(const Word& word, std::endian order) {
  return order == std::endian::little ? word.little : word.big;
}

// The names of conditions, ip.lo and arg1.lo, in the long form.
std::string long_form(std::string_view name) {
  if (name.substr(0, 3) == "ip.") return "instruction_pointer" + std::string(name.substr(2));
  if (name.size() > 4 && name.substr(0, 3) == "arg" && name[4] == '.')
    return "args[" + std::string(name.substr(3, 1)) + "]" + std::string(name.substr(4));
  return std::string(name);
}

std::optional<std::uint32_t> syscall_value(std::string_view symbol) {
  const std::size_t dot = symbol.find('.');
  if (dot == std::string_view::npos) return {};
  const auto arch = seccomp::find_arch(symbol.substr(0, dot));
  if (!arch) return {};
  return names::syscall_number(*arch, symbol.substr(dot + 1));
}

std::optional<std::uint32_t> arch_value(std::string_view symbol) {
  const auto arch = seccomp::find_arch_macro(symbol);
  if (!arch) return {};
  return seccomp::describe(*arch).audit;
}

std::optional<std::uint32_t> constant_value(std::string_view symbol) {
  const auto value = names::constant_value(symbol);
  if (!value || *value < std::numeric_limits<std::int32_t>::min() ||
      *value > std::numeric_limits<std::uint32_t>::max())
    return {};
  return static_cast<std::uint32_t>(*value);
}

std::optional<std::uint32_t> value_of(std::string_view symbol) {
  if (const auto value = arch_value(symbol)) return value;
  if (const auto value = syscall_value(symbol)) return value;
  if (symbol == x32_bit_symbol) return seccomp::x32_bit;
  if (const auto verdict = parse_verdict(symbol)) return verdict->value;
  return constant_value(symbol);
}

std::string nearest_of(std::string_view word, const std::vector<std::string_view>& known) {
  return std::string(names::nearest(word, known).value_or(""));
}

}  // namespace

std::string offset_name(std::uint32_t offset, std::endian order) {
  if (offset % 4 != 0 || offset >= seccomp::data_bytes) return {};
  return std::string(name_of(words[offset / 4], order));
}

std::optional<std::uint32_t> offset_value(std::string_view name, std::endian order) {
  const std::string wanted = long_form(name);
  for (std::uint32_t i = 0; i < words.size(); ++i)
    if (name_of(words[i], order) == wanted) return 4 * i;
  return {};
}

std::string syscall_symbol(std::uint32_t audit, std::uint32_t nr) {
  auto arch = seccomp::find_arch(audit);
  if (!arch) return {};
  if (*arch == Arch::x86_64 && (nr & seccomp::x32_bit) != 0) arch = Arch::x32;
  const auto name = names::syscall_name(*arch, nr);
  if (!name) return {};
  std::string symbol = std::string(seccomp::describe(*arch).token) + "." + std::string(*name);
  return syscall_value(symbol) == nr ? symbol : "";
}

std::string arch_symbol(std::uint32_t audit) {
  const auto arch = seccomp::find_arch(audit);
  if (!arch) return {};
  const std::string_view macro = seccomp::describe(*arch).macro;
  return arch_value(macro) == audit ? std::string(macro) : "";
}

std::string return_symbol(std::uint32_t value, std::optional<std::uint32_t> audit) {
  const seccomp::Verdict verdict{value};
  std::string words_of_it = to_text(verdict);
  const auto read_back = parse_verdict(words_of_it);
  if (verdict.action() == seccomp::Action::Unknown || !read_back || *read_back != verdict)
    return {};
  if (verdict.action() != seccomp::Action::Errno) return words_of_it;
  // ERRNO(EPERM) is read as x86 numbers errors, so it must mean that to this machine too.
  const auto machine = audit ? seccomp::find_arch(*audit) : std::nullopt;
  const auto name = names::errno_name(Arch::x86_64, verdict.data());
  if (!name || names::errno_name(machine.value_or(Arch::x86_64), verdict.data()) != name)
    return words_of_it;
  return "ERRNO(" + std::string(*name) + ")";
}

std::optional<std::uint32_t> Symbols::resolve(const bpf::Opcode& row, std::string_view symbol) {
  if (row.operand == bpf::Operand::Immediate) return value_of(symbol);
  return offset_value(symbol, order_);
}

std::string Symbols::suggest(const bpf::Opcode& row, std::string_view symbol) {
  std::vector<std::string_view> known;
  if (row.operand != bpf::Operand::Immediate) {
    for (const Word& word : words) known.push_back(word.little);
    return nearest_of(symbol, known);
  }
  const std::size_t dot = symbol.find('.');
  const auto arch = seccomp::find_arch(symbol.substr(0, dot));
  if (dot != std::string_view::npos && arch) {
    const auto name = names::nearest(symbol.substr(dot + 1), names::all_syscall_names(*arch));
    return name ? std::string(symbol.substr(0, dot + 1)) + std::string(*name) : "";
  }
  // Of "ERNO(1)" the name is wrong, the data stays.
  const std::size_t open = std::min(symbol.find('('), symbol.size());
  for (const auto& action : seccomp::actions) known.push_back(action.name);
  for (const auto& info : seccomp::arches) known.push_back(info.macro);
  const std::string name = nearest_of(symbol.substr(0, open), known);
  return name.empty() ? "" : name + std::string(symbol.substr(open));
}

std::string Symbols::nearest(std::string_view word, std::span<const std::string_view> known) {
  return std::string(names::nearest(word, known).value_or(""));
}

bool Symbols::directive(std::string_view name, std::string_view value) {
  if (name != "byte_order" || (value != "little" && value != "big")) return false;
  order_ = value == "big" ? std::endian::big : std::endian::little;
  return true;
}

}  // namespace assay::text
