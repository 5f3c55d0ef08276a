#include "assay/kernel/oracle.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include "kernel/calls.hpp"
#include "kernel/sentinel.hpp"
#include "kernel/workers.hpp"

namespace assay::kernel {
namespace {

constexpr std::chrono::seconds start_limit{10};

}  // namespace

std::string_view describe(Lack lack) {
  switch (lack) {
    case Lack::Architecture: return "no support for asking the kernel of this architecture";
    case Lack::Filters: return "seccomp filters cannot be installed here";
    case Lack::Listeners: return "the kernel has no seccomp listeners (Linux 5.0)";
    case Lack::NoNewPrivs: return "no_new_privs is refused";
    case Lack::Resources: return "no memory, descriptor or process for a child";
  }
  return "";
}

std::string_view describe(FailureKind kind) {
  switch (kind) {
    case FailureKind::NoWorker: return "no child could be started";
    case FailureKind::WorkerDied: return "the child that asks the kernel ended";
    case FailureKind::TimeLimit: return "the kernel gave no answer in time";
    case FailureKind::Occupied: return "another process installs filters and does not end";
    case FailureKind::TooLong: return "the filter is too long to be rewritten";
    case FailureKind::Refused: return "the kernel refused the filter";
    case FailureKind::UnexpectedResult: return "a thread saw what no filter can make it see";
  }
  return "";
}

std::string_view describe(NotAskable reason) {
  switch (reason) {
    case NotAskable::ForeignArch: return "not the architecture of this machine";
    case NotAskable::NoNarrowCalls: return "the kernel has no 32-bit calls";
    case NotAskable::ExemptNumber: return "no filter sees this system call";
    case NotAskable::PointerInvalid: return "instruction_pointer is no user address";
    case NotAskable::PointerTaken: return "no code can be placed at instruction_pointer";
  }
  return "";
}

Oracle::Oracle(std::unique_ptr<Workers> workers) : workers_(std::move(workers)) {}
Oracle::Oracle(Oracle&&) noexcept = default;
Oracle& Oracle::operator=(Oracle&&) noexcept = default;
Oracle::~Oracle() = default;

tl::expected<Oracle, Unavailable> Oracle::open(OracleLimits limits) {
  auto guarded = Worker::start(Worker::Guard::Sentinel, start_limit);
  if (!guarded) return tl::unexpected(guarded.error());
  return Oracle(std::make_unique<Workers>(std::move(*guarded), limits));
}

namespace {

// Lays out as many programs as fit; how many that is.
std::size_t place(SharedArea& area, std::span<const Instructions> programs) {
  std::size_t used = 0;
  std::size_t placed = 0;
  for (const Instructions program :
       programs.first(std::min(programs.size(), area.programs.size()))) {
    // The kernel looks at no instruction of a program that is too long.
    const std::size_t copied = program.size() <= bpf::max_instructions ? program.size() : 0;
    if (used + copied > area.pool.size()) break;
    std::copy_n(program.begin(), copied, area.pool.begin() + static_cast<std::ptrdiff_t>(used));
    area.programs[placed++] = {static_cast<std::uint32_t>(used == area.pool.size() ? 0 : used),
                               static_cast<std::uint32_t>(std::min<std::size_t>(
                                   program.size(), 0xffff))};  // the field has 16 bits
    used += copied;
  }
  return placed;
}

}  // namespace

tl::expected<std::vector<int>, Failure> Oracle::accept(std::span<const Instructions> programs) {
  std::vector<int> errors;
  errors.reserve(programs.size());
  while (errors.size() < programs.size()) {
    auto worker = workers_->ready(workers_->guarded());
    if (!worker) return tl::unexpected(worker.error());
    SharedArea& area = (*worker)->area();
    const std::size_t count = place(area, programs.subspan(errors.size()));
    if (auto asked = workers_->ask(workers_->guarded(), Task::Accept, count); !asked)
      return tl::unexpected(asked.error());
    errors.insert(errors.end(), area.errors.begin(),
                  area.errors.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return errors;
}

tl::expected<int, Failure> Oracle::accept(Instructions program) {
  auto errors = accept(std::span(&program, 1));
  if (!errors) return tl::unexpected(errors.error());
  return errors->front();
}

tl::expected<std::vector<int>, Failure> Oracle::attach(std::span<const Instructions> stack,
                                                       std::uint32_t flags) {
  auto worker = workers_->ready(workers_->bare());
  if (!worker) return tl::unexpected(worker.error());
  SharedArea& area = (*worker)->area();
  area.flags = flags;
  const std::size_t count = place(area, stack);
  if (count < stack.size()) return tl::unexpected(Failure{FailureKind::TooLong, 0});
  if (auto asked = workers_->ask(workers_->bare(), Task::Attach, count); !asked)
    return tl::unexpected(asked.error());
  if (area.error != 0) return tl::unexpected(Failure{FailureKind::NoWorker, area.error});
  if (area.status != 0) return tl::unexpected(Failure{FailureKind::WorkerDied, 0});
  return std::vector<int>(area.errors.begin(),
                          area.errors.begin() + static_cast<std::ptrdiff_t>(count));
}

tl::expected<int, Failure> Oracle::attach_errno(Instructions program) {
  auto errors = attach(std::span(&program, 1));
  if (!errors) return tl::unexpected(errors.error());
  return errors->front();
}

std::uint64_t Oracle::compat_pointer() { return workers_->compat_pointer(workers_->guarded()); }

namespace {

bool divides(const verify::Program& program) {
  for (std::size_t pc = 0; pc < program.size(); ++pc)
    if (program.opcode(pc).operation == bpf::Operation::Div &&
        program.opcode(pc).operand == bpf::Operand::X)
      return true;
  return false;
}

tl::expected<void, Failure> check_answers(const SharedArea& area, const verify::Program& program,
                                          std::size_t count) {
  if (area.error != 0) return tl::unexpected(Failure{FailureKind::Refused, area.error});
  if (area.status != 0) return tl::unexpected(Failure{FailureKind::WorkerDied, 0});
  const bool may_die = divides(program);
  for (std::size_t i = 0; i < count; ++i)
    if (area.calls[i].odd != 0 || (area.calls[i].killed != 0 && !may_die))
      return tl::unexpected(Failure{FailureKind::UnexpectedResult, 0});
  return {};
}

std::size_t place_program(SharedArea& area, std::size_t index, std::size_t used,
                          std::span<const bpf::Instruction> program) {
  std::copy(program.begin(), program.end(), area.pool.begin() + static_cast<std::ptrdiff_t>(used));
  area.programs[index] = {static_cast<std::uint32_t>(used),
                          static_cast<std::uint32_t>(program.size())};
  return used + program.size();
}

// All parts in one filter where the pointer is ours to choose and they fit, since installing
// costs more than asking. What may kill is nested.
void place_parts(SharedArea& area, const verify::Program& program, bool pointer_matters) {
  const bool packed =
      !pointer_matters && show_parts_size(program.size()) + gate_prologue <= bpf::max_instructions;
  // The vDSO moves between the parts.
  const bool needs_gate = packed && area.compat != 0;
  std::vector<std::vector<bpf::Instruction>> parts;
  if (packed) parts.push_back(show_parts(program.instructions(), area.home, part_distance));
  if (needs_gate) parts.back() = open_to_gate(parts.back(), calls::gate_pointer());
  for (unsigned part = 0; part < value_parts && !packed; ++part)
    parts.push_back(show_part(program.instructions(), part));
  area.parts = static_cast<std::uint32_t>(parts.size());
  area.nested = 0;
  std::size_t used = 0;
  std::size_t index = 0;
  for (const auto& part : parts) used = place_program(area, index++, used, part);
  if (!divides(program) || parts.back().size() + gate_prologue > bpf::max_instructions) return;
  area.nested = area.parts;
  for (const auto& part : parts)
    used = place_program(area, index++, used, open_to_gate(part, calls::gate_pointer()));
}

}  // namespace

tl::expected<std::vector<Value>, Failure> Oracle::value(
    const verify::Program& program, std::span<const seccomp::SeccompData> records) {
  if (program.size() > max_value_instructions)
    return tl::unexpected(Failure{FailureKind::TooLong, 0});
  const WordsRead read(program);
  std::vector<Value> values;
  values.reserve(records.size());
  std::vector<std::optional<NotAskable>> reasons;
  while (values.size() < records.size()) {
    const std::size_t first = values.size();
    const auto batch =
        records.subspan(first, std::min(records.size() - first, SharedArea::max_calls));
    const auto asked = workers_->place_calls(workers_->guarded(), batch, read, reasons);
    if (!asked) return tl::unexpected(asked.error());
    for (const auto& reason : reasons)
      values.push_back(reason ? Value(tl::unexpect, *reason) : Value(0));
    if (asked->empty()) continue;
    SharedArea& area = workers_->guarded().worker->area();
    place_parts(area, program, read.pointer());
    if (auto done = workers_->ask(workers_->guarded(), Task::Values, asked->size()); !done)
      return tl::unexpected(done.error());
    if (auto good = check_answers(area, program, asked->size()); !good)
      return tl::unexpected(good.error());
    for (std::size_t i = 0; i < asked->size(); ++i)
      values[first + (*asked)[i]] = area.calls[i].value;
  }
  return values;
}

}  // namespace assay::kernel
