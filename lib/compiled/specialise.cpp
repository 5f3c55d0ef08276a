#include "compiled/specialise.hpp"

#include <algorithm>

#include "assay/seccomp/arch.hpp"
#include "assay/verify/accept.hpp"
#include "compiled/dispatch.hpp"

namespace assay::compiled {

using bpf::Operand;
using bpf::Operation;
using seccomp::Verdict;

namespace {

constexpr std::uint32_t numbers = 512;  // of each arch that are looked at
constexpr std::size_t most_residues = 256;
constexpr std::uint32_t whole_programs = 1;  // the residue that is nothing shorter

bool loads_unknown(const verify::Program& program, std::size_t pc) {
  return program.opcode(pc).operand == Operand::Word && program[pc].k >= 8;
}

// Keeps the state in front of the first load of a word other than nr and arch.
class UntilUnknown final : public engine::Observer {
 public:
  explicit UntilUnknown(const verify::Program& program) : program_(program) {}

  void on_instruction(const engine::State& state) override {
    if (found || !loads_unknown(program_, state.pc)) return;
    found = true;
    pc = state.pc;
    a = state.a;
    x = state.x;
    m = state.m;
  }

  bool found = false;
  std::size_t pc = 0;
  std::uint32_t a = 0, x = 0;
  engine::ScratchMemory m{};

 private:
  const verify::Program& program_;
};

}  // namespace

Specialiser::Rest Specialiser::rest_of(std::size_t program, std::uint32_t arch,
                                       std::uint32_t nr) const {
  UntilUnknown watch(programs_[program]);
  const std::uint32_t value = whole_[program].observe({nr, arch}, watch);
  if (!watch.found) return {true, value, 0, 0, 0, {}};
  return {false, 0, watch.pc, watch.a, watch.x, watch.m};
}

// The registers as they are, then the rest of the instructions. What no longer fits, or no
// longer passes the test for loads before stores, stays whole.
engine::Interpreter Specialiser::shortened(const verify::Program& program, const Rest& rest) const {
  std::vector<bpf::Instruction> code;
  const auto put = [&](Operation operation, Operand operand, std::uint32_t k) {
    code.push_back({bpf::code_of(operation, operand), 0, 0, k});
  };
  for (std::uint32_t cell = 0; cell < rest.m.size(); ++cell) {
    put(Operation::Ld, Operand::Immediate, rest.m[cell]);
    put(Operation::St, Operand::Scratch, cell);
  }
  put(Operation::Ldx, Operand::Immediate, rest.x);
  put(Operation::Ld, Operand::Immediate, rest.a);
  const auto left = program.instructions().subspan(rest.pc);
  code.insert(code.end(), left.begin(), left.end());
  const auto accepted = verify::accept(code, filter_.semantics_);
  return engine::Interpreter(accepted && code.size() < program.size() ? *accepted : program,
                             filter_.semantics_);
}

std::uint32_t Specialiser::add(const std::vector<Rest>& rests) {
  CompiledFilter::Residue residue;
  for (std::size_t i = 0; i < rests.size(); ++i) {
    residue.decided.push_back(rests[i].decided);
    residue.known.push_back({rests[i].value});
    residue.filters.push_back(rests[i].decided ? whole_[i] : shortened(programs_[i], rests[i]));
  }
  filter_.residues_.push_back(std::move(residue));
  return static_cast<std::uint32_t>(filter_.residues_.size() - 1);
}

CompiledFilter::Range Specialiser::range_of(std::uint32_t arch, std::uint32_t nr) {
  std::vector<Rest> rests;
  for (std::size_t i = 0; i < programs_.size(); ++i) rests.push_back(rest_of(i, arch, nr));
  if (std::all_of(rests.begin(), rests.end(), [](const Rest& rest) { return rest.decided; })) {
    if (rests.size() == 1) return {nr, rests.front().value, 0};
    std::vector<Verdict> verdicts;
    for (const Rest& rest : rests) verdicts.push_back({rest.value});
    return {nr, strongest(verdicts, filter_.semantics_).value, 0};
  }
  const auto known = known_.find(rests);
  if (known != known_.end()) return {nr, 0, known->second};
  if (filter_.residues_.size() >= most_residues) return {nr, 0, whole_programs};
  const std::uint32_t residue = add(rests);
  known_.emplace(std::move(rests), residue);
  return {nr, 0, residue};
}

std::vector<CompiledFilter::Range> Specialiser::scope_of(std::uint32_t arch) {
  std::vector<CompiledFilter::Range> ranges;
  const auto add_numbers = [&](std::uint32_t first) {
    for (std::uint32_t nr = first; nr < first + numbers; ++nr) ranges.push_back(range_of(arch, nr));
  };
  add_numbers(0);
  ranges.push_back({seccomp::x32_bit - 1, 0, whole_programs});
  add_numbers(seccomp::x32_bit);
  ranges.push_back({~0U, 0, whole_programs});
  return ranges;
}

void Specialiser::build() {
  for (const verify::Program& program : programs_) whole_.emplace_back(program, filter_.semantics_);
  // Residue 0 is none.
  filter_.residues_.emplace_back();
  CompiledFilter::Residue& whole = filter_.residues_.emplace_back();
  whole.filters = whole_;
  whole.known.resize(whole_.size());
  whole.decided.resize(whole_.size());

  std::vector<std::uint32_t> arches;
  for (const verify::Program& program : programs_)
    for (const bpf::Instruction& insn : program.instructions())
      if (bpf::is_branch(bpf::find_opcode(insn.code)->operation) && seccomp::find_arch(insn.k))
        arches.push_back(insn.k);
  arches.push_back(describe(filter_.semantics_.machine).audit);
  std::sort(arches.begin(), arches.end());
  arches.erase(std::unique(arches.begin(), arches.end()), arches.end());

  filter_.scopes_.push_back({{~0U, 0, whole_programs}});
  for (const std::uint32_t arch : arches) {
    if (arch != 0) filter_.arches_.push_back({arch - 1, 0});
    filter_.arches_.push_back({arch, static_cast<std::uint32_t>(filter_.scopes_.size())});
    filter_.scopes_.push_back(scope_of(arch));
  }
  filter_.arches_.push_back({~0U, 0});
  Dispatch(filter_).fill_rows();
}

}  // namespace assay::compiled
