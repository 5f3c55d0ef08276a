#include "assay/cost/bitmap.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "assay/names/syscalls.hpp"
#include "assay/seccomp/arch.hpp"
#include "assay/seccomp/special.hpp"

namespace assay::cost {

using seccomp::Arch;
using seccomp::Semantics;
using verify::BitmapAnswer;
using verify::Program;

namespace {

// SECCOMP_ARCH_NATIVE and SECCOMP_ARCH_COMPAT of arch/*/include/asm/seccomp.h.
struct Kept {
  Arch native;
  std::optional<Arch> compatible;
};
constexpr auto kept = std::to_array<Kept>({
    {Arch::x86_64, Arch::x86},
    {Arch::x86, {}},
    {Arch::aarch64, Arch::arm},
    {Arch::arm, {}},
    {Arch::s390x, Arch::s390},
    {Arch::s390, {}},
    {Arch::ppc64, Arch::ppc},
    {Arch::ppc64le, {}},
    {Arch::ppc, {}},
    {Arch::parisc64, Arch::parisc},
    {Arch::parisc, {}},
    {Arch::riscv64, {}},
    {Arch::riscv32, {}},
    {Arch::loongarch64, {}},
    {Arch::sh, {}},
    {Arch::csky, {}},
    {Arch::xtensa, {}},
});

bool exists(Arch arch, std::string_view name, const Semantics& semantics) {
  for (const names::NewSyscall& call : names::new_syscalls())
    if (call.name == name && call.number(arch)) return call.since <= semantics.version;
  return true;
}

// arm's private calls stand far behind its table.
constexpr std::uint32_t highest_table = 4096;

std::uint32_t table_size(Arch arch, const Semantics& semantics) {
  std::uint32_t size = 0;
  for (const std::string_view name : names::all_syscall_names(arch)) {
    const auto nr = names::syscall_number(arch, name);
    if (nr && *nr >= size && *nr < highest_table && exists(arch, name, semantics)) size = *nr + 1;
  }
  return size;
}

}  // namespace

Bitmap::Bitmap(std::span<const Program> oldest_first, const Semantics& semantics)
    : programs_(oldest_first.begin(), oldest_first.end()), semantics_(semantics) {
  if (!semantics.constant_bitmap) return;
  for (const Kept& row : kept) {
    if (row.native != semantics.machine) continue;
    tables_.push_back({row.native, table_size(row.native, semantics)});
    if (row.compatible)
      tables_.push_back({*row.compatible, table_size(*row.compatible, semantics)});
  }
}

BitmapPlace Bitmap::place(std::uint32_t arch, std::uint32_t nr) const {
  if (seccomp::bypasses_filters({nr, arch, 0, {}}, semantics_))
    return {Membership::RunsNoFilter, 0, {}};
  if (tables_.empty()) return {Membership::NoBitmap, 0, {}};
  const auto table = std::find_if(tables_.begin(), tables_.end(), [&](const Table& one) {
    return describe(one.arch).audit == arch;
  });
  if (table == tables_.end()) return {Membership::ForeignArch, 0, {}};
  if (nr >= table->size) return {Membership::OutsideTable, 0, {}};
  for (std::size_t i = programs_.size(); i-- > 0;) {
    const verify::BitmapReason reason = bitmap_answer(programs_[i], nr, arch);
    if (reason.answer != BitmapAnswer::Constant) return {Membership::NotConstant, i, reason};
  }
  return {};
}

namespace {

std::string field_at(std::uint32_t offset) {
  if (offset < 16) return "instruction_pointer";
  return "args[" + std::to_string((offset - 16) / 8) + "]";
}

std::string reason_in(const Program& program, const verify::BitmapReason& reason) {
  switch (reason.answer) {
    case BitmapAnswer::ReadsInput: return "reads " + field_at(program[reason.insn].k);
    case BitmapAnswer::UsesOther: {
      const bpf::Opcode& opcode = program.opcode(reason.insn);
      const bool x = opcode.operand == bpf::Operand::X;
      return "uses " + std::string(opcode.mnemonic) + (x ? " with X" : "");
    }
    case BitmapAnswer::ReturnsAccumulator: return "returns A";
    case BitmapAnswer::NotAllow: return "RET is not exactly ALLOW";
    case BitmapAnswer::Constant: break;
  }
  return {};
}

}  // namespace

std::string Bitmap::why(const BitmapPlace& place) const {
  switch (place.membership) {
    case Membership::Inside: return {};
    case Membership::NotConstant: break;
    case Membership::ForeignArch: return "no arch of this kernel";
    case Membership::OutsideTable: return "no number of the kernel's table";
    case Membership::NoBitmap: return "this kernel has no bitmap";
    case Membership::RunsNoFilter: return "the kernel runs no filter for it";
  }
  std::string reason = reason_in(programs_[place.filter], place.reason);
  if (programs_.size() == 1) return reason;
  return reason + " (filter " + std::to_string(place.filter) + ")";
}

}  // namespace assay::cost
