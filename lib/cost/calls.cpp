#include "assay/cost/calls.hpp"

#include <algorithm>

#include "assay/names/syscalls.hpp"

namespace assay::cost {

using seccomp::Arch;
using verify::Program;

namespace {

void add_once(std::vector<Arch>& arches, Arch arch) {
  if (std::find(arches.begin(), arches.end(), arch) == arches.end()) arches.push_back(arch);
}

// What is compared behind a load of arch: the same number can be one of x32's calls elsewhere.
void add_compared(std::vector<Arch>& arches, const Program& program) {
  constexpr std::uint32_t arch_offset = 4;
  bool holds_arch = false;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const bpf::Opcode& opcode = program.opcode(pc);
    if (opcode.operation == bpf::Operation::Ld)
      holds_arch = opcode.operand == bpf::Operand::Word && program[pc].k == arch_offset;
    if (!holds_arch || opcode.operation != bpf::Operation::Jeq) continue;
    const auto arch = seccomp::find_arch(program[pc].k);
    if (arch && names::has_full_table(*arch)) add_once(arches, *arch);
  }
}

Arch abi_of(std::uint32_t arch, std::uint32_t nr) {
  const Arch plain = seccomp::find_arch(arch).value_or(Arch::x86_64);
  return plain == Arch::x86_64 && (nr & seccomp::x32_bit) != 0 ? Arch::x32 : plain;
}

CallRow row_of(Arch arch, std::uint32_t audit, std::uint32_t nr, const FilterCost& cost,
               const Bitmap& bitmap) {
  const auto name = names::syscall_name(arch, nr);
  CallRow row{arch,
              nr,
              name ? std::string(*name) : "nr " + std::to_string(nr),
              cost.call(audit, nr),
              bitmap.place(audit, nr),
              {},
              0};
  row.why = bitmap.why(row.place);
  return row;
}

}  // namespace

std::vector<Arch> arches_of(std::span<const Program> oldest_first,
                            const seccomp::Semantics& semantics) {
  std::vector<Arch> result{semantics.machine};
  const Bitmap bitmap(oldest_first, semantics);
  for (const Bitmap::Table& table : bitmap.tables()) add_once(result, table.arch);
  for (const Program& program : oldest_first) add_compared(result, program);
  return result;
}

std::vector<CallRow> named_calls(std::span<const Arch> arches, const FilterCost& cost,
                                 const Bitmap& bitmap) {
  std::vector<CallRow> rows;
  for (const Arch arch : arches) {
    const std::size_t first = rows.size();
    for (const std::string_view name : names::all_syscall_names(arch))
      if (const auto nr = names::syscall_number(arch, name))
        rows.push_back(row_of(arch, describe(arch).audit, *nr, cost, bitmap));
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(first);
    std::stable_sort(begin, rows.end(),
                     [](const CallRow& a, const CallRow& b) { return a.nr < b.nr; });
    // Of two names for a number the usual one.
    rows.erase(std::unique(begin, rows.end(),
                           [](const CallRow& a, const CallRow& b) { return a.nr == b.nr; }),
               rows.end());
  }
  return rows;
}

std::vector<CallRow> calls_of(const Workload& workload, const FilterCost& cost,
                              const Bitmap& bitmap) {
  std::vector<CallRow> rows;
  for (const CallWeight& call : workload.calls()) {
    rows.push_back(row_of(abi_of(call.arch, call.nr), call.arch, call.nr, cost, bitmap));
    rows.back().calls = call.count;
  }
  return rows;
}

std::vector<CallWeight> even_weights(std::span<const CallRow> rows) {
  std::vector<CallWeight> weights;
  for (const CallRow& row : rows)
    weights.push_back({describe(row.arch).audit, row.nr, 1, row.bounds.best.instructions,
                       row.bounds.worst.instructions});
  return weights;
}

}  // namespace assay::cost
