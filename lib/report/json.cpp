#include "assay/report/json.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "assay/names/syscalls.hpp"
#include "assay/text/verdict.hpp"

namespace assay::report {
namespace {

using seccomp::Arch;

// A number that no architecture has is none; x86_64 with bit 30 in nr is x32.
std::optional<Arch> arch_of(const seccomp::SeccompData& data) {
  const auto arch = seccomp::find_arch(data.arch);
  if (arch != Arch::x86_64) return arch;
  return (data.nr & seccomp::x32_bit) != 0 ? Arch::x32 : Arch::x86_64;
}

Json condition_json(const text::Expression& condition) {
  const bool always = condition.kind == text::Expression::Kind::Always;
  return always ? Json() : Json(text::to_text(condition));
}

}  // namespace

std::string hex(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return "0x" + std::string(digits.data(), end);
}

Json json_number(std::uint64_t value) {
  constexpr std::uint64_t exact = std::uint64_t{1} << 53;
  return value < exact ? Json(value) : Json(hex(value));
}

Json log2_of(double log2) {
  return std::isfinite(log2) ? Json(std::round(log2 * 1e6) / 1e6) : Json();
}

Json record_json(const seccomp::Words& words) {
  const seccomp::SeccompData data = seccomp::from_words(words, seccomp::byte_order(words[1]));
  const auto arch = arch_of(data);
  const auto syscall = arch ? names::syscall_name(*arch, data.nr) : std::nullopt;
  Json record;
  record["arch"] = arch ? Json(describe(*arch).token) : Json(data.arch);
  record["nr"] = data.nr;
  if (syscall) record["syscall"] = *syscall;
  record["ip"] = json_number(data.instruction_pointer);
  record["args"] = Json::array();
  for (const std::uint64_t value : data.args) record["args"].push_back(json_number(value));
  return record;
}

Json syscalls_json(const text::Scope& scope, const text::Rule& rule) {
  Json list = Json::array();
  if (rule.numbers == text::numbers_of(scope)) {
    list.push_back("*");
    return list;
  }
  for (const text::Syscalls& item : text::syscalls_of(scope, rule)) {
    const text::NumberRange& range = item.numbers;
    if (!item.name.empty()) {
      list.push_back(item.name);
    } else if (range.first == range.last) {
      list.push_back(range.first);
    } else {
      list.push_back(std::to_string(range.first) + ".." + std::to_string(range.last));
    }
  }
  return list;
}

Json policy_json(const text::ArchPolicy& arch, const seccomp::Semantics& semantics) {
  Json rules = Json::array();
  for (const text::Rule& rule : arch.rules) {
    rules.push_back({{"syscalls", syscalls_json(arch.scope, rule)},
                     {"condition", condition_json(rule.condition)},
                     {"verdict", text::to_text(rule.verdict, semantics)}});
  }
  return {{"arch", text::name(arch.scope)},
          {"default", text::to_text(arch.otherwise, semantics)},
          {"rules", rules}};
}

Json difference_json(const text::Difference& difference, const seccomp::Words& witness,
                     const seccomp::Semantics& semantics) {
  return {{"arch", text::name(difference.scope)},
          {"syscalls", syscalls_json(difference.scope, difference.where)},
          {"condition", condition_json(difference.where.condition)},
          {"a", text::to_text(difference.a, semantics)},
          {"b", text::to_text(difference.b, semantics)},
          {"witness", record_json(witness)},
          {"inputs_log2", log2_of(difference.inputs.count().log2())}};
}

}  // namespace assay::report
