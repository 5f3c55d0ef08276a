#include "kernel/workers.hpp"

#include <algorithm>
#include <tuple>

#include "assay/bpf/opcode.hpp"
#include "assay/seccomp/verdict.hpp"
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

// Answers are cleared as far as something reads them that does not write them first.
void place_call(ProbeCall& call, calls::Entry entry, std::uint64_t pointer, std::uint32_t nr,
                const std::array<std::uint64_t, 6>& args) {
  call.pointer = pointer;
  call.args = args;
  call.nr = nr;
  call.entry = entry;
  call.ending = Ending::NotMade;
  call.value = 0;
  call.killed = 0;
  call.odd = 0;
}

// ERRNO(1) where every word but the pointer's is that of the record, else ERRNO(2).
std::vector<bpf::Instruction> recogniser(const SeccompData& record) {
  const seccomp::Words words = seccomp::words(record, seccomp::byte_order(record.arch));
  constexpr std::size_t checked = std::tuple_size_v<seccomp::Words> - 2;
  std::vector<bpf::Instruction> filter;
  for (std::uint32_t word = 0; word < words.size(); ++word) {
    if (word == 2 || word == 3) continue;
    const std::size_t end = 2 * checked + 1;  // of the one that refuses
    filter.push_back({bpf::code_of(bpf::Operation::Ld, bpf::Operand::Word), 0, 0, 4 * word});
    filter.push_back({bpf::code_of(bpf::Operation::Jeq, bpf::Operand::Immediate), 0,
                      static_cast<std::uint8_t>(end - filter.size() - 1), words[word]});
  }
  for (const std::uint32_t answer : {1U, 2U})
    filter.push_back({bpf::code_of(bpf::Operation::Ret, bpf::Operand::Immediate), 0, 0,
                      seccomp::value_of(seccomp::Action::Errno) | answer});
  return filter;
}

// Whether the record can be asked by 32-bit code, whose pointer is `pointer`; it then is.
bool place_compat(std::uint64_t pointer, const SeccompData& record, WordsRead read,
                  ProbeCall& call) {
  if (pointer == 0 || !narrow(record)) return false;
  if (read.pointer() && record.instruction_pointer != pointer) return false;
  auto args = record.args;
  if (!calls::fit_compat(args, read.bits())) return false;
  place_call(call, calls::Entry::Compat, pointer, record.nr, args);
  return true;
}

}  // namespace

WordsRead::WordsRead(const verify::Program& program) {
  for (std::size_t pc = 0; pc < program.size(); ++pc)
    if (program.opcode(pc).operand == bpf::Operand::Word) bits_ |= 1U << program[pc].k / 4;
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

std::optional<int> Oracle::Workers::try_call(const ProbeCall& call,
                                             std::span<const bpf::Instruction> filter) {
  auto worker = ready(guarded_);
  if (!worker) return {};
  SharedArea& area = (*worker)->area();
  area.calls[0] = call;
  std::copy(filter.begin(), filter.end(), area.pool.begin());
  area.programs[0] = {0, static_cast<std::uint32_t>(filter.size())};
  area.stack = filter.empty() ? 0 : 1;
  area.nested = 0;
  const bool asked = ask(guarded_, Task::Verdicts, 1).has_value();
  if (!asked || area.status != 0 || area.error != 0) return {};
  if (area.calls[0].ending != Ending::Returned) return {};
  return static_cast<int>(-area.calls[0].result);
}

// Whether the sentinel answers a call by `int $0x80`.
bool Oracle::Workers::narrow_calls() {
  if (narrow_) return *narrow_;
  ProbeCall call;
  call.entry = calls::Entry::Narrow;
  if (auto worker = ready(guarded_)) call.pointer = (*worker)->area().home;
  narrow_ = try_call(call, {}) == sentinel_errno;
  return *narrow_;
}

// Whether a call by 32-bit code reaches the kernel with every bit of its registers, which no
// manual promises.
bool Oracle::Workers::compat_calls() {
  if (compat_) return *compat_;
  compat_ = false;
  if (!limits_.compat || !narrow_calls() || !ready(guarded_)) return false;
  if (guarded_.worker->area().compat_home == 0) return false;
  SeccompData record{0x80000001, calls::narrow_arch(), 0, {}};
  for (std::uint32_t i = 0; i < record.args.size(); ++i)
    record.args[i] = 0x8123456789abcdef * (2 * i + 1);
  if (!calls::fit_compat(record.args, 0)) return false;
  ProbeCall call;
  call.entry = calls::Entry::Compat;
  call.nr = record.nr;
  call.args = record.args;
  compat_ = try_call(call, recogniser(record)) == 1;
  return *compat_;
}

std::uint64_t Oracle::Workers::compat_pointer(Station& station) {
  return compat_calls() && station.worker ? station.worker->area().compat_home : 0;
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
    Station& station, std::span<const SeccompData> records, WordsRead read,
    std::vector<std::optional<NotAskable>>& reasons) {
  auto worker = ready(station);  // first: a new one has no pages yet
  if (!worker) return tl::unexpected(worker.error());
  if (read.pointer())
    if (auto mapped = map(station, records); !mapped) return tl::unexpected(mapped.error());
  // Before the calls are laid out, since it asks some of its own.
  const bool some_narrow = std::any_of(records.begin(), records.end(), narrow);
  if (some_narrow) narrow_calls();
  const std::uint64_t compat = some_narrow ? compat_pointer(station) : 0;
  SharedArea& area = (*worker)->area();
  area.compat = 0;
  std::vector<std::size_t> asked;
  asked.reserve(records.size());
  reasons.assign(records.size(), std::nullopt);
  for (std::size_t i = 0; i < records.size(); ++i) {
    ProbeCall& call = area.calls[asked.size()];
    if (place_compat(compat, records[i], read, call)) {
      area.compat += 1;
      asked.push_back(i);
      continue;
    }
    reasons[i] = obstacle(station, records[i], read.pointer());
    if (reasons[i]) continue;
    place_call(call, entry_of(records[i], read.pointer()),
               read.pointer() ? records[i].instruction_pointer : area.home, records[i].nr,
               records[i].args);
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
