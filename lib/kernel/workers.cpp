#include "kernel/workers.hpp"

#include <algorithm>

#include "kernel/calls.hpp"
#include "kernel/sentinel.hpp"

namespace assay::kernel {
namespace {

using seccomp::SeccompData;

constexpr std::uint64_t page_size = 4096;
constexpr std::chrono::seconds start_limit{10};
// A batch may map more, which is far below vm.max_map_count (65530 unless it was lowered). But
// each grandchild's end walks all mappings (acct_collect()), so that few are kept.
constexpr std::size_t max_kept_pages = 256;

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

bool fixed(const SeccompData& record) {
  return record.arch == calls::native_arch() &&
         calls::fixed_call(record.instruction_pointer, record.nr, record.args.data());
}

bool narrow(const SeccompData& record) {
  return record.arch == calls::narrow_arch() && calls::narrow_arch() != 0;
}

calls::Entry entry_of(const SeccompData& record, bool pointer_matters) {
  if (narrow(record)) return calls::Entry::Narrow;
  return pointer_matters && fixed(record) ? calls::Entry::Fixed : calls::Entry::Native;
}

}  // namespace

bool reads_pointer(const verify::Program& program) {
  for (std::size_t pc = 0; pc < program.size(); ++pc)
    if (program.opcode(pc).operand == bpf::Operand::Word &&
        (program[pc].k == 8 || program[pc].k == 12))
      return true;
  return false;
}

tl::expected<Worker*, Failure> Oracle::Workers::ready(Station& station) {
  if (!station.worker || !station.worker->alive()) {
    station.mapped.clear();
    auto started = Worker::start(station.guard, start_limit);
    if (!started) return tl::unexpected(Failure{FailureKind::NoWorker, started.error().error});
    station.worker.emplace(std::move(*started));
  }
  return &*station.worker;
}

tl::expected<void, Failure> Oracle::Workers::ask(Station& station, Task task, std::size_t count) {
  return station.worker->ask(task, static_cast<std::uint32_t>(count), limits_.per_batch);
}

bool Oracle::Workers::has_code(const Station& station, std::uint64_t pointer) {
  const auto [first, last] = pages_of(pointer);
  const auto ours = [&](std::uint64_t page) {
    const auto found = station.mapped.find(page);
    return found != station.mapped.end() && found->second;
  };
  return ours(first) && ours(last);
}

tl::expected<void, Failure> Oracle::Workers::map(Station& station,
                                                 std::span<const SeccompData> records) {
  if (station.mapped.size() > max_kept_pages)
    if (auto done = unmap_all(station); !done) return done;
  std::vector<std::uint64_t> wanted;
  for (const SeccompData& record : records) {
    if (!in_user_space(record.instruction_pointer)) continue;
    const auto [first, last] = pages_of(record.instruction_pointer);
    if (station.mapped.try_emplace(first, false).second) wanted.push_back(first);
    if (station.mapped.try_emplace(last, false).second) wanted.push_back(last);
  }
  return map_pages(station, wanted);
}

tl::expected<void, Failure> Oracle::Workers::map_pages(Station& station,
                                                       std::span<const std::uint64_t> pages) {
  while (!pages.empty()) {
    const auto now = pages.first(std::min(pages.size(), SharedArea::max_pages));
    SharedArea& area = station.worker->area();
    std::copy(now.begin(), now.end(), area.pages.begin());
    if (auto asked = ask(station, Task::Map, now.size()); !asked) return asked;
    for (std::size_t i = 0; i < now.size(); ++i) station.mapped[now[i]] = area.page_errors[i] == 0;
    pages = pages.subspan(now.size());
  }
  return {};
}

tl::expected<void, Failure> Oracle::Workers::unmap_all(Station& station) {
  std::vector<std::uint64_t> ours;
  for (const auto& [page, mapped] : station.mapped)
    if (mapped) ours.push_back(page);
  station.mapped.clear();
  std::span<const std::uint64_t> rest = ours;
  while (!rest.empty()) {
    const auto now = rest.first(std::min(rest.size(), SharedArea::max_pages));
    std::copy(now.begin(), now.end(), station.worker->area().pages.begin());
    if (auto asked = ask(station, Task::Unmap, now.size()); !asked) return asked;
    rest = rest.subspan(now.size());
  }
  return {};
}

// Whether the sentinel answers a call through the 32-bit door.
bool Oracle::Workers::narrow_calls() {
  if (narrow_) return *narrow_;
  auto worker = ready(guarded_);
  if (!worker) return false;
  SharedArea& area = (*worker)->area();
  area.calls[0] = {};
  area.calls[0].pointer = area.home;
  area.calls[0].entry = calls::Entry::Narrow;
  area.stack = 0;
  area.nested = 0;
  const bool asked = ask(guarded_, Task::Verdicts, 1).has_value();
  narrow_ = asked && area.status == 0 && area.error == 0 && area.calls[0].result == -sentinel_errno;
  return *narrow_;
}

std::optional<NotAskable> Oracle::Workers::obstacle(const Station& station,
                                                    const SeccompData& record,
                                                    bool pointer_matters) {
  if (const auto reason = not_askable(record)) return reason;
  if (narrow(record) && !narrow_calls()) return NotAskable::NoNarrowCalls;
  if (!pointer_matters || fixed(record)) return {};
  if (!in_user_space(record.instruction_pointer)) return NotAskable::PointerInvalid;
  if (!has_code(station, record.instruction_pointer)) return NotAskable::PointerTaken;
  return {};
}

tl::expected<std::vector<std::size_t>, Failure> Oracle::Workers::place_calls(
    Station& station, std::span<const SeccompData> records, bool pointer_matters,
    std::vector<std::optional<NotAskable>>& reasons) {
  auto worker = ready(station);  // first: a new one has no pages yet
  if (!worker) return tl::unexpected(worker.error());
  if (pointer_matters)
    if (auto mapped = map(station, records); !mapped) return tl::unexpected(mapped.error());
  // Before the calls are laid out, since it asks one of its own.
  if (std::any_of(records.begin(), records.end(), narrow)) narrow_calls();
  SharedArea& area = (*worker)->area();
  std::vector<std::size_t> asked;
  reasons.assign(records.size(), std::nullopt);
  for (std::size_t i = 0; i < records.size(); ++i) {
    reasons[i] = obstacle(station, records[i], pointer_matters);
    if (reasons[i]) continue;
    ProbeCall& call = area.calls[asked.size()] = {};
    call.pointer = pointer_matters ? records[i].instruction_pointer : area.home;
    call.args = records[i].args;
    call.nr = records[i].nr;
    call.entry = entry_of(records[i], pointer_matters);
    asked.push_back(i);
  }
  return asked;
}

std::uint32_t Oracle::native_arch() { return calls::native_arch(); }
std::uint32_t Oracle::narrow_arch() { return calls::narrow_arch(); }

std::optional<NotAskable> Oracle::not_askable(const SeccompData& record) {
  if (narrow(record)) return {};
  if (record.arch != calls::native_arch()) return NotAskable::ForeignArch;
  if (calls::exempt(record.nr)) return NotAskable::ExemptNumber;
  return {};
}

}  // namespace assay::kernel
