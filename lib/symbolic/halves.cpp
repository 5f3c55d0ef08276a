#include "symbolic/halves.hpp"

#include <algorithm>
#include <bit>
#include <map>

#include "assay/engine/interpreter.hpp"
#include "assay/seccomp/arch.hpp"

namespace assay::symbolic {
namespace {

using seccomp::Semantics;
using seccomp::Words;
using verify::Program;
using Groups = std::vector<VerdictFunction::Group>;

constexpr std::uint32_t audit_64bit = 0x80000000;
constexpr std::size_t most_ranges = 4096;  // of one word; more is no table of constants

// Which bits of each word the function depends on.
Words bits_of(const VerdictFunction& function) {
  Words all{};
  for (const seccomp::Verdict verdict : function.verdicts()) {
    const Words bits = function.where(verdict).bits();
    for (std::size_t word = 0; word < all.size(); ++word) all[word] |= bits[word];
  }
  return all;
}

// A mask that leaves out the sign bit, or most bits, asks about those bits and no others.
bool is_whole(std::uint32_t bits) { return (bits >> 31) != 0 && std::popcount(bits) > 16; }

std::uint64_t size_of(const VerdictFunction::Group& group) {
  std::uint64_t size = 0;
  for (const Condition::Range& range : group.values)
    size += std::uint64_t{range.last} - range.first + 1;
  return size;
}

// What the function is for most values of a word; nothing when it depends on the value.
const VerdictFunction::Group* usual(const Groups& groups) {
  for (const VerdictFunction::Group& group : groups)
    if (size_of(group) > std::uint64_t{1} << 31) return &group;
  return nullptr;
}

seccomp::Arch abi_of(const Words& call) {
  const seccomp::Arch arch = seccomp::find_arch(call[1]).value_or(seccomp::Arch::x86_64);
  const bool x32 = (call[0] & seccomp::x32_bit) != 0;
  return arch == seccomp::Arch::x86_64 && x32 ? seccomp::Arch::x32 : arch;
}

// Follows an input to the first comparison of a word, or, failing that, to its load.
class Trail final : public engine::Observer {
 public:
  Trail(const Program& program, std::size_t word) : program_(program), word_(word) {}

  void on_instruction(const engine::State& state) override {
    if (compared_) return;
    const bpf::Opcode& opcode = program_.opcode(state.pc);
    const bool loads = opcode.operand == bpf::Operand::Word && program_[state.pc].k == 4 * word_;
    if (loads) loaded_ = state.pc;
    if (loaded_ && bpf::is_branch(opcode.operation)) compared_ = state.pc;
  }

  std::optional<std::size_t> place() const { return compared_ ? compared_ : loaded_; }

 private:
  const Program& program_;
  std::size_t word_;
  std::optional<std::size_t> loaded_;
  std::optional<std::size_t> compared_;
};

class Inspection {
 public:
  Inspection(const Program& program, const Semantics& semantics)
      : program_(program), interpreter_(program, semantics) {}

  // The function of one architecture.
  void inspect(std::uint32_t arch, const VerdictFunction& function) {
    const auto numbers = function.groups_of(0);
    if (!numbers) return;
    for (const VerdictFunction::Group& group : *numbers) {
      if (group.rest.constant()) continue;
      const Words bits = bits_of(group.rest);
      Words words{group.values.front().first, arch};
      for (std::size_t argument = 0; argument < 6; ++argument)
        inspect(words, group.rest, bits, argument);
    }
  }

  std::vector<Finding> findings() && {
    std::vector<Finding> result;
    for (auto& [key, finding] : found_) result.push_back(std::move(finding));
    return result;
  }

 private:
  void inspect(const Words& call, const VerdictFunction& function, const Words& bits,
               std::size_t argument) {
    const bool little = seccomp::byte_order(call[1]) == std::endian::little;
    const std::size_t low = 4 + 2 * argument + (little ? 0 : 1);
    const std::size_t high = 4 + 2 * argument + (little ? 1 : 0);
    if (!is_whole(bits[low])) return;
    if (bits[high] == 0) {
      note(FindingKind::LowHalfOnly, argument, call, function, low);
      return;
    }
    const auto groups = function.groups_of(high, most_ranges);
    const VerdictFunction::Group* const group = groups ? usual(*groups) : nullptr;
    if (group == nullptr || !is_whole(bits_of(group->rest)[low])) return;
    Words ignoring = call;
    ignoring[high] = group->values.back().last;
    note(FindingKind::HighHalfIgnored, argument, ignoring, group->rest, low);
  }

  // `known` has the words that are fixed; function depends on others only.
  void note(FindingKind kind, std::size_t argument, const Words& known,
            const VerdictFunction& function, std::size_t word) {
    const auto place = comparison(known, function, word);
    if (!place) return;
    Finding& finding = found_[{*place, kind, argument}];
    finding.kind = kind;
    finding.insn = *place;
    finding.argument = argument;
    const seccomp::Arch arch = abi_of(known);
    if (std::find(finding.arches.begin(), finding.arches.end(), arch) == finding.arches.end())
      finding.arches.push_back(arch);
  }

  std::optional<std::size_t> comparison(const Words& known, const VerdictFunction& function,
                                        std::size_t word) const {
    for (const seccomp::Verdict verdict : function.verdicts()) {
      const auto some = function.where(verdict).witness();
      if (!some) continue;
      Words words = *some;
      for (std::size_t i = 0; i < words.size(); ++i) words[i] |= known[i];
      Trail trail(program_, word);
      interpreter_.observe(words, trail);
      if (trail.place()) return trail.place();
    }
    return std::nullopt;
  }

  struct Key {
    std::size_t insn;
    FindingKind kind;
    std::size_t argument;
    auto operator<=>(const Key&) const = default;
  };

  const Program& program_;
  engine::Interpreter interpreter_;
  std::map<Key, Finding> found_;
};

bool contains(const VerdictFunction::Group& group, std::uint32_t value) {
  return std::any_of(group.values.begin(), group.values.end(), [&](const Condition::Range& range) {
    return range.first <= value && value <= range.last;
  });
}

// The 64-bit architectures of a group: all that the filter tells apart from others, and of
// those that it does not the machine alone.
std::vector<std::uint32_t> arches_of(const VerdictFunction::Group& group,
                                     const Semantics& semantics) {
  const std::uint32_t machine = describe(semantics.machine).audit;
  std::vector<std::uint32_t> result;
  for (const seccomp::ArchInfo& info : seccomp::arches) {
    const bool known = std::find(result.begin(), result.end(), info.audit) != result.end();
    if ((info.audit & audit_64bit) == 0 || known || !contains(group, info.audit)) continue;
    if (size_of(group) <= seccomp::arches.size() || info.audit == machine)
      result.push_back(info.audit);
  }
  return result;
}

}  // namespace

std::vector<Finding> halves_of(const Program& program, const VerdictFunction& function,
                               const Semantics& semantics) {
  Inspection inspection(program, semantics);
  const auto groups = function.groups_of(1);
  if (!groups) return {};
  for (const VerdictFunction::Group& group : *groups)
    for (const std::uint32_t arch : arches_of(group, semantics))
      inspection.inspect(arch, group.rest);
  return std::move(inspection).findings();
}

}  // namespace assay::symbolic
