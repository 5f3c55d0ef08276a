#include "report/wording.hpp"

#include <array>
#include <cstdio>

#include "assay/names/errnos.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/text/verdict.hpp"

namespace assay::report {
namespace {

constexpr std::size_t most_values = 400;  // that are written out
constexpr std::uint32_t most_in_range = 16;

// As many as fit, one at least: "read, write, +310".
std::string first_of(const std::vector<std::string>& items, std::size_t characters) {
  constexpr std::size_t for_the_rest = 6;
  std::string text;
  std::size_t shown = 0;
  for (; shown < items.size(); ++shown) {
    if (shown > 0 && text.size() + 2 + items[shown].size() + for_the_rest > characters) break;
    text += (shown > 0 ? ", " : "") + items[shown];
  }
  if (shown < items.size()) text += ", +" + std::to_string(items.size() - shown);
  return text;
}

}  // namespace

std::string_view look(seccomp::Verdict verdict, const seccomp::Semantics& semantics) {
  using seccomp::Action;
  switch (verdict.action(semantics)) {
    case Action::Allow: return "allow";
    case Action::Log: return "log";
    case Action::UserNotif:
    case Action::Trace: return "ask";
    case Action::Errno: return "errno";
    case Action::Trap: return "trap";
    default: return "kill";
  }
}

std::string chip(seccomp::Verdict verdict, const seccomp::Semantics& semantics) {
  return text::to_text(verdict, semantics);
}

std::string_view errno_of(seccomp::Verdict verdict, const seccomp::Semantics& semantics) {
  if (verdict.action(semantics) != seccomp::Action::Errno) return {};
  return names::errno_name(semantics.machine, verdict.data(semantics)).value_or("");
}

std::string number_text(std::uint32_t value) {
  if (value < 4096) return std::to_string(value);
  std::array<char, 16> text;  // NOLINT: snprintf fills it
  std::snprintf(text.data(), text.size(), "0x%x", value);
  return text.data();
}

// As the listing names the first load of it, in the spelling of conditions: "arg1.lo".
std::string Naming::word(std::size_t word) const {
  for (std::size_t pc = 0; pc < program_.size(); ++pc) {
    const bpf::Opcode& opcode = program_.opcode(pc);
    if (opcode.operand != bpf::Operand::Word || program_[pc].k != 4 * word) continue;
    std::string text = listing_.instruction(pc);
    const std::size_t open = text.find('[');
    const std::size_t close = text.rfind(']');
    if (open == std::string::npos || close == std::string::npos) break;
    text = text.substr(open + 1, close - open - 1);
    if (text.rfind("args[", 0) != 0) return text;
    text.erase(text.find(']'), 1);
    return "arg" + text.substr(5);
  }
  return "word " + std::to_string(word);
}

std::string Naming::field(const FlowNode& node) const {
  std::string name = word(node.word);
  if (node.mask == std::numeric_limits<std::uint32_t>::max()) return name;
  return name + " & " + number_text(node.mask);
}

std::string Naming::decision(const FlowNode& node) const {
  if (node.kind == FlowNode::Kind::Switch) return field(node);
  std::string text = listing_.instruction(node.decides);
  if (node.kind != FlowNode::Kind::Test) return text;
  text = text.substr(0, text.find(','));
  const bool bits = program_.opcode(node.decides).operation == bpf::Operation::Jset;
  const std::size_t space = text.find(' ');
  if (!bits || node.word == FlowNode::no_word || space == std::string::npos) return text;
  text = text.substr(text[space + 1] == '#' ? space + 2 : space + 1);
  return field(node) + " & " + text;
}

// The arch in force, told by a call that the listing names there.
std::optional<seccomp::Arch> Naming::arch_of(const FlowNode& node) const {
  if (node.word != 0) return {};
  for (const std::size_t pc : node.insns) {
    if (!bpf::is_branch(program_.opcode(pc).operation)) continue;
    const std::string text = listing_.instruction(pc);
    const std::size_t hash = text.find('#');
    const std::size_t dot = text.find('.', hash == std::string::npos ? text.size() : hash);
    if (dot == std::string::npos) continue;
    if (const auto arch =
            seccomp::find_arch(std::string_view(text).substr(hash + 1, dot - hash - 1)))
      return arch;
  }
  return {};
}

std::string Naming::value(const FlowNode& node, std::optional<seccomp::Arch> arch,
                          std::uint32_t value) {
  if (node.word == 1)
    if (const auto known = seccomp::find_arch(value))
      return std::string(seccomp::describe(*known).token);
  if (arch)
    if (const auto name = names::syscall_name(*arch, value)) return std::string(*name);
  if (arch == seccomp::Arch::x86_64 && (value & seccomp::x32_bit) != 0)
    if (const auto name = names::syscall_name(seccomp::Arch::x32, value))
      return "x32 " + std::string(*name);
  return number_text(value);
}

Naming::Values Naming::values(const FlowNode& node, const Way& way, std::size_t characters) const {
  const auto arch = arch_of(node);
  std::vector<std::string> items;
  Values result;
  for (const ValueRange& range : way.values) {
    const std::uint64_t size = std::uint64_t{range.last} - range.first + 1;
    result.count += size;
    if (items.size() > most_values) continue;
    if (size > most_in_range) {
      items.push_back(value(node, arch, range.first) + ".." + value(node, arch, range.last));
      continue;
    }
    for (std::uint64_t i = 0; i < size; ++i)
      items.push_back(value(node, arch, static_cast<std::uint32_t>(range.first + i)));
  }
  result.brief = first_of(items, characters);
  for (const std::string& item : items) result.full += (result.full.empty() ? "" : ", ") + item;
  if (items.size() > most_values) result.full += ", ...";
  return result;
}

}  // namespace assay::report
