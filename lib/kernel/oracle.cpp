#include "assay/kernel/oracle.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <unordered_map>

#include "kernel/calls.hpp"
#include "kernel/sentinel.hpp"
#include "kernel/worker.hpp"

namespace assay::kernel {
namespace {

constexpr std::uint64_t page_size = 4096;
constexpr std::chrono::seconds start_limit{10};
// Far below vm.max_map_count (65530 unless it was lowered).
constexpr std::size_t max_mapped_pages = 16384;

bool reads_pointer(const verify::Program& program) {
  for (std::size_t pc = 0; pc < program.size(); ++pc)
    if (program.opcode(pc).operand == bpf::Operand::Word &&
        (program[pc].k == 8 || program[pc].k == 12))
      return true;
  return false;
}

struct Pages {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
Pages pages_of(std::uint64_t pointer) {
  return {(pointer - calls::probe_bytes_before()) / page_size * page_size,
          (pointer + calls::probe_bytes_after() - 1) / page_size * page_size};
}

bool in_user_space(std::uint64_t pointer) {
  return pointer >= calls::probe_bytes_before() &&
         pointer <= calls::user_space_end - calls::probe_bytes_after();
}

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
    case FailureKind::TooLong: return "the filter is too long to be rewritten";
    case FailureKind::Refused: return "the kernel refused the filter";
    case FailureKind::UnexpectedResult:
      return "a call came back with a result that no filter can give";
  }
  return "";
}

std::string_view describe(NotAskable reason) {
  switch (reason) {
    case NotAskable::ForeignArch: return "not the architecture of this machine";
    case NotAskable::ExemptNumber: return "no filter sees this system call";
    case NotAskable::PointerInvalid: return "instruction_pointer is no user address";
    case NotAskable::PointerTaken: return "no code can be placed at instruction_pointer";
  }
  return "";
}

// The children and what is known about them. The guarded one is started at once, since it
// shows what the machine can do; the bare one, for real attaching, when it is first needed.
class Oracle::Workers {
 public:
  Workers(Worker guarded, OracleLimits limits) : guarded_(std::move(guarded)), limits_(limits) {}

  tl::expected<Worker*, Failure> guarded() {
    if (!guarded_ || !guarded_->alive()) mapped_.clear();
    return ready(guarded_, Worker::Guard::Sentinel);
  }
  tl::expected<Worker*, Failure> bare() { return ready(bare_, Worker::Guard::None); }

  tl::expected<void, Failure> ask(Worker& worker, Task task, std::size_t count) {
    return worker.ask(task, static_cast<std::uint32_t>(count), limits_.per_batch);
  }
  struct Question {
    const verify::Program& program;
    bool pointer_matters;  // the program loads instruction_pointer
  };
  tl::expected<void, Failure> ask_values(const Question& question,
                                         std::span<const seccomp::SeccompData> batch,
                                         std::vector<Value>& values);

 private:
  std::optional<NotAskable> obstacle(const Question& question,
                                     const seccomp::SeccompData& record) const;
  // Makes the code pages of the pointers; afterwards has_code() answers for them.
  tl::expected<void, Failure> map(std::span<const seccomp::SeccompData> records);
  bool has_code(std::uint64_t pointer) const;
  tl::expected<Worker*, Failure> ready(std::optional<Worker>& worker, Worker::Guard guard) {
    if (!worker || !worker->alive()) {
      auto started = Worker::start(guard, start_limit);
      if (!started) return tl::unexpected(Failure{FailureKind::NoWorker, started.error().error});
      worker.emplace(std::move(*started));
    }
    return &*worker;
  }
  tl::expected<void, Failure> map_pages(std::span<const std::uint64_t> pages);
  tl::expected<void, Failure> unmap_all();

  std::optional<Worker> guarded_;
  std::optional<Worker> bare_;
  OracleLimits limits_;
  std::unordered_map<std::uint64_t, bool> mapped_;  // page: whether it is ours
};

bool Oracle::Workers::has_code(std::uint64_t pointer) const {
  const auto [first, last] = pages_of(pointer);
  const auto ours = [&](std::uint64_t page) {
    const auto found = mapped_.find(page);
    return found != mapped_.end() && found->second;
  };
  return ours(first) && ours(last);
}

tl::expected<void, Failure> Oracle::Workers::map(std::span<const seccomp::SeccompData> records) {
  if (mapped_.size() + 2 * records.size() > max_mapped_pages)
    if (auto done = unmap_all(); !done) return done;
  std::vector<std::uint64_t> wanted;
  for (const seccomp::SeccompData& record : records) {
    if (!in_user_space(record.instruction_pointer)) continue;
    const auto [first, last] = pages_of(record.instruction_pointer);
    if (mapped_.try_emplace(first, false).second) wanted.push_back(first);
    if (mapped_.try_emplace(last, false).second) wanted.push_back(last);
  }
  return map_pages(wanted);
}

tl::expected<void, Failure> Oracle::Workers::map_pages(std::span<const std::uint64_t> pages) {
  while (!pages.empty()) {
    const auto now = pages.first(std::min(pages.size(), SharedArea::max_pages));
    auto worker = guarded();
    if (!worker) return tl::unexpected(worker.error());
    SharedArea& area = (*worker)->area();
    std::copy(now.begin(), now.end(), area.pages.begin());
    if (auto asked = ask(**worker, Task::Map, now.size()); !asked) return asked;
    for (std::size_t i = 0; i < now.size(); ++i) mapped_[now[i]] = area.page_errors[i] == 0;
    pages = pages.subspan(now.size());
  }
  return {};
}

tl::expected<void, Failure> Oracle::Workers::unmap_all() {
  std::vector<std::uint64_t> ours;
  for (const auto& [page, mapped] : mapped_)
    if (mapped) ours.push_back(page);
  mapped_.clear();
  std::span<const std::uint64_t> rest = ours;
  while (!rest.empty()) {
    const auto now = rest.first(std::min(rest.size(), SharedArea::max_pages));
    auto worker = guarded();
    if (!worker) return tl::unexpected(worker.error());
    std::copy(now.begin(), now.end(), (*worker)->area().pages.begin());
    if (auto asked = ask(**worker, Task::Unmap, now.size()); !asked) return asked;
    rest = rest.subspan(now.size());
  }
  return {};
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
    auto worker = workers_->guarded();
    if (!worker) return tl::unexpected(worker.error());
    SharedArea& area = (*worker)->area();
    const std::size_t count = place(area, programs.subspan(errors.size()));
    if (auto asked = workers_->ask(**worker, Task::Accept, count); !asked)
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
  auto worker = workers_->bare();
  if (!worker) return tl::unexpected(worker.error());
  SharedArea& area = (*worker)->area();
  area.flags = flags;
  const std::size_t count = place(area, stack);
  if (count < stack.size()) return tl::unexpected(Failure{FailureKind::TooLong, 0});
  if (auto asked = workers_->ask(**worker, Task::Attach, count); !asked)
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

std::optional<NotAskable> Oracle::not_askable(const seccomp::SeccompData& record) {
  if (record.arch != calls::native_arch()) return NotAskable::ForeignArch;
  if (calls::exempt(record.nr)) return NotAskable::ExemptNumber;
  return {};
}

namespace {

tl::expected<void, Failure> check_answers(const SharedArea& area, const verify::Program& program,
                                          std::size_t count) {
  if (area.error != 0) return tl::unexpected(Failure{FailureKind::Refused, area.error});
  if (area.status != 0) return tl::unexpected(Failure{FailureKind::WorkerDied, 0});
  bool divides = false;
  for (std::size_t pc = 0; pc < program.size() && !divides; ++pc)
    divides = program.opcode(pc).operation == bpf::Operation::Div &&
              program.opcode(pc).operand == bpf::Operand::X;
  for (std::size_t i = 0; i < count; ++i)
    if (area.calls[i].odd != 0 || (area.calls[i].killed != 0 && !divides))
      return tl::unexpected(Failure{FailureKind::UnexpectedResult, 0});
  return {};
}

void place_parts(SharedArea& area, const verify::Program& program) {
  std::size_t used = 0;
  for (unsigned part = 0; part < value_parts; ++part) {
    const auto rewritten = show_part(program.instructions(), part);
    std::copy(rewritten.begin(), rewritten.end(),
              area.pool.begin() + static_cast<std::ptrdiff_t>(used));
    area.programs[part] = {static_cast<std::uint32_t>(used),
                           static_cast<std::uint32_t>(rewritten.size())};
    used += rewritten.size();
  }
}

}  // namespace

// One batch: appends the values of the records.
tl::expected<void, Failure> Oracle::Workers::ask_values(const Question& question,
                                                        std::span<const seccomp::SeccompData> batch,
                                                        std::vector<Value>& values) {
  auto worker = guarded();  // first: a new one has no pages yet
  if (!worker) return tl::unexpected(worker.error());
  if (question.pointer_matters)
    if (auto mapped = map(batch); !mapped) return mapped;
  SharedArea& area = (*worker)->area();
  std::vector<std::size_t> asked;  // indices into values, in the order of area.calls
  for (const seccomp::SeccompData& record : batch) {
    const auto reason = obstacle(question, record);
    values.push_back(reason ? Value(tl::unexpect, *reason) : Value(0));
    if (reason) continue;
    ProbeCall& call = area.calls[asked.size()] = {};
    call.pointer = question.pointer_matters ? record.instruction_pointer : area.home;
    call.args = record.args;
    call.nr = record.nr;
    asked.push_back(values.size() - 1);
  }
  if (asked.empty()) return {};
  place_parts(area, question.program);
  if (auto done = ask(**worker, Task::Values, asked.size()); !done) return done;
  if (auto good = check_answers(area, question.program, asked.size()); !good) return good;
  for (std::size_t i = 0; i < asked.size(); ++i) values[asked[i]] = area.calls[i].value;
  return {};
}

std::optional<NotAskable> Oracle::Workers::obstacle(const Question& question,
                                                    const seccomp::SeccompData& record) const {
  if (const auto reason = not_askable(record)) return reason;
  if (!question.pointer_matters) return {};
  if (!in_user_space(record.instruction_pointer)) return NotAskable::PointerInvalid;
  if (!has_code(record.instruction_pointer)) return NotAskable::PointerTaken;
  return {};
}

tl::expected<std::vector<Value>, Failure> Oracle::value(
    const verify::Program& program, std::span<const seccomp::SeccompData> records) {
  if (program.size() > max_value_instructions)
    return tl::unexpected(Failure{FailureKind::TooLong, 0});
  const Workers::Question question{program, reads_pointer(program)};
  std::vector<Value> values;
  values.reserve(records.size());
  while (values.size() < records.size()) {
    const std::size_t left = records.size() - values.size();
    const auto batch = records.subspan(values.size(), std::min(left, SharedArea::max_calls));
    if (auto done = workers_->ask_values(question, batch, values); !done)
      return tl::unexpected(done.error());
  }
  return values;
}

}  // namespace assay::kernel
