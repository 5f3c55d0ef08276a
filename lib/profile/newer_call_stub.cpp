// ld [arch], one jeq an arch, ja filter; a section an arch; ja filter; ret ENOSYS; filter.
// Sections are short and arches few: no jump is longer than 255.
#include "profile/newer_call_stub.hpp"

#include <algorithm>
#include <optional>

#include "assay/bpf/opcode.hpp"
#include "assay/seccomp/verdict.hpp"

namespace assay::profile {
namespace {

using bpf::Instruction;
using bpf::Operand;
using bpf::Operation;
using seccomp::Arch;

constexpr std::uint16_t enosys = 38;

// Where a jump of a section goes; offsets are known when all sections are there.
enum class Exit : std::uint8_t { None, Enosys, Filter };

struct Line {
  Instruction instruction;
  Exit on_true = Exit::None;
};

Line load(std::uint32_t offset) { return {{code_of(Operation::Ld, Operand::Word), 0, 0, offset}}; }
Line jump(Exit to) { return {{code_of(Operation::Ja, Operand::Immediate), 0, 0, 0}, to}; }
Line compare(Operation operation, std::uint32_t value, std::uint8_t jt, std::uint8_t jf) {
  return {{code_of(operation, Operand::Immediate), jt, jf, value}};
}
Line above(std::uint32_t number, std::uint8_t jf = 0) {
  Line line = compare(Operation::Jgt, number, 0, jf);
  line.on_true = Exit::Enosys;
  return line;
}
Line answer() {
  return {{code_of(Operation::Ret, Operand::Immediate), 0, 0,
           value_of(seccomp::Action::Errno, enosys)}};
}

// One AUDIT_ARCH; two ABIs for x86_64 and x32.
struct Section {
  std::uint32_t audit;
  std::optional<std::uint32_t> number;
  std::optional<std::uint32_t> x32;
  bool setup = false;  // s390: number 0 stands for numbers that the kernel does not know
};

std::vector<Section> sections_of(std::span<const HighestNumber> arches) {
  std::vector<Section> sections;
  for (const auto& [arch, number] : arches) {
    const std::uint32_t audit = describe(arch).audit;
    auto at = std::find_if(sections.begin(), sections.end(),
                           [&](const Section& section) { return section.audit == audit; });
    if (at == sections.end()) at = sections.insert(at, {audit, {}, {}, false});
    if (number == 0) continue;
    (arch == Arch::x32 ? at->x32 : at->number) = number;
    at->setup = arch == Arch::s390 || arch == Arch::s390x;
  }
  return sections;
}

std::vector<Line> lines_of(const Section& section) {
  if (!section.number && !section.x32) return {};
  std::vector<Line> lines{load(0)};
  constexpr std::uint32_t bit = seccomp::x32_bit;
  if (section.setup) {
    lines.push_back(compare(Operation::Jeq, 0, 0, 1));
    lines.push_back(answer());
  }
  if (section.number && section.x32) {
    lines.push_back(compare(Operation::Jset, bit, 1, 0));
    lines.push_back(above(*section.number, 1));
    lines.push_back(above(*section.x32));
  } else if (section.audit == describe(Arch::x86_64).audit) {
    const bool plain = section.number.has_value();
    lines.push_back(compare(Operation::Jset, bit, plain ? 1 : 0, plain ? 0 : 1));
    lines.push_back(above(plain ? *section.number : *section.x32));
  } else {
    lines.push_back(above(*section.number));
  }
  lines.push_back(jump(Exit::Filter));
  return lines;
}

}  // namespace

std::vector<Instruction> newer_call_stub(std::span<const HighestNumber> arches) {
  const std::vector<Section> sections = sections_of(arches);
  constexpr std::uint32_t arch_offset = 4;
  std::vector<Line> lines{load(arch_offset)};
  for (const Section& section : sections)
    lines.push_back(compare(Operation::Jeq, section.audit, 0, 0));
  lines.push_back(jump(Exit::Filter));
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const std::vector<Line> body = lines_of(sections[i]);
    Line& dispatch = lines[1 + i];
    if (body.empty())
      dispatch.on_true = Exit::Filter;
    else
      dispatch.instruction.jt = static_cast<std::uint8_t>(lines.size() - (2 + i));
    lines.insert(lines.end(), body.begin(), body.end());
  }
  lines.push_back(jump(Exit::Filter));
  lines.push_back(answer());
  std::vector<Instruction> result;
  for (std::size_t at = 0; at < lines.size(); ++at) {
    Instruction instruction = lines[at].instruction;
    const std::size_t target = lines[at].on_true == Exit::Enosys ? lines.size() - 1 : lines.size();
    const auto skip = static_cast<std::uint32_t>(target - at - 1);
    if (lines[at].on_true != Exit::None) {
      if (instruction.code == code_of(Operation::Ja, Operand::Immediate))
        instruction.k = skip;
      else
        instruction.jt = static_cast<std::uint8_t>(skip);
    }
    result.push_back(instruction);
  }
  return result;
}

}  // namespace assay::profile
