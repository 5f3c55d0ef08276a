// Three questions, each asked of what the one before left open:
//   1. under a sentinel that answers ERRNO: whatever is at least as strong shows itself;
//   2. before a tracer, above a sentinel that answers TRACE: TRACE, USER_NOTIF and what is
//      unknown below TRACE;
//   3. above a sentinel with a value that no action has, between LOG and ALLOW: it kills an
//      allowed call and lets a logged one run. So this is for harmless numbers; for others
//      the kernel is asked for the value of each program.
#include <algorithm>
#include <array>
#include <csignal>

#include "assay/kernel/oracle.hpp"
#include "kernel/calls.hpp"
#include "kernel/sentinel.hpp"
#include "kernel/workers.hpp"

namespace assay::kernel {
namespace {

using seccomp::Action;
using seccomp::SeccompData;
using Filter = std::vector<bpf::Instruction>;
using Stack = std::span<const verify::Program>;

constexpr std::uint32_t between_log_and_allow = 0x7ffd0000;
constexpr std::uint16_t other_errno = sentinel_errno - 1;
constexpr std::array<std::uint16_t, 2> messages{0xa55a, 0x5aa5};
constexpr int enosys = 38;

// Whether some program might return just this value.
bool could_return(Stack stack, std::uint32_t value) {
  for (const verify::Program& program : stack)
    for (std::size_t pc = 0; pc < program.size(); ++pc) {
      const bpf::Opcode& opcode = program.opcode(pc);
      if (opcode.operation != bpf::Operation::Ret) continue;
      if (opcode.operand == bpf::Operand::A || program[pc].k == value) return true;
    }
  return false;
}

bool could_return(Stack stack, Action action, std::uint16_t data) {
  return could_return(stack, seccomp::value_of(action, data));
}

// A sentinel of this task, when there is one, and the stack above it.
tl::expected<void, Failure> place_stack(SharedArea& area, std::optional<std::uint32_t> below,
                                        Stack stack) {
  const std::uint64_t gate = calls::gate_pointer();
  std::size_t used = 0;
  area.stack = 0;
  const auto put = [&](std::span<const bpf::Instruction> program) {
    if (used + program.size() > area.pool.size()) return false;
    std::copy(program.begin(), program.end(),
              area.pool.begin() + static_cast<std::ptrdiff_t>(used));
    area.programs[area.stack++] = {static_cast<std::uint32_t>(used),
                                   static_cast<std::uint32_t>(program.size())};
    used += program.size();
    return true;
  };
  if (below) put(sentinel(gate, *below));
  for (const verify::Program& program : stack) {
    const bool fits = &program == &stack.back()
                          ? put(program.instructions())
                          : program.size() <= Oracle::max_stacked_instructions &&
                                put(open_to_gate(program.instructions(), gate));
    if (!fits) return tl::unexpected(Failure{FailureKind::TooLong, 0});
  }
  area.nested = 0;
  const verify::Program& newest = stack.back();
  if (newest.size() > Oracle::max_stacked_instructions) return {};
  const std::uint32_t whole = area.stack;
  if (put(open_to_gate(newest.instructions(), gate))) area.nested = whole;
  area.stack = whole;
  return {};
}

// TRAP rolls the result register back to the number. Through the 32-bit door numbers -512 to
// -514 and -516 then read as ERESTART*, and handle_signal() treats the call as interrupted:
// the handler would repeat it or find EINTR.
bool taken_for_restart(const ProbeCall& call) {
  const std::uint32_t code = 0 - call.nr;
  const bool narrow = call.entry == calls::Entry::Narrow || call.entry == calls::Entry::Compat;
  return narrow && code >= 512 && code <= 516 && code != 515;
}

// Whether the handler was told everything right, and would have gone on right after the call.
bool in_order(const calls::Trap& trap, const ProbeCall& call, std::uint32_t arch) {
  const bool fixed_place = call.entry == calls::Entry::Fixed || taken_for_restart(call);
  return trap.address == call.pointer && (fixed_place || trap.resume == call.pointer) &&
         trap.signal == SIGSYS && trap.code == 1 &&
         static_cast<std::uint32_t>(trap.nr) == call.nr && trap.arch == arch &&
         (taken_for_restart(call) || static_cast<std::uint32_t>(trap.result) == call.nr);
}

// Such calls exist at their own addresses only.
bool fixed(const SeccompData& record) {
  return record.arch == calls::native_arch() &&
         calls::fixed_call(record.instruction_pointer, record.nr, record.args.data());
}

class Inquiry {
 public:
  Inquiry(Stack stack, std::span<const SeccompData> records) : stack_(stack), records_(records) {
    for (const verify::Program& program : stack) read_ = read_ | WordsRead(program);
    if (std::any_of(records.begin(), records.end(), fixed)) read_ = read_.with_pointer();
  }

  WordsRead read() const { return read_; }
  Stack stack() const { return stack_; }
  std::span<const SeccompData> records() const { return records_; }

 private:
  Stack stack_;
  std::span<const SeccompData> records_;
  WordsRead read_;
};

constexpr Observed passed_it{Sighting::Passed};

tl::expected<Observed, Failure> first_sight(const ProbeCall& call, const calls::Trap& trap,
                                            std::uint32_t arch, std::uint16_t passed) {
  const auto odd = tl::unexpected(Failure{FailureKind::UnexpectedResult, 0});
  switch (call.ending) {
    case Ending::NotMade: break;
    case Ending::Returned:
      if (call.result > 0 || call.result < -static_cast<std::int64_t>(seccomp::max_errno)) break;
      if (call.result == -static_cast<std::int64_t>(passed)) return passed_it;
      return Observed{Sighting::Errno, static_cast<std::uint16_t>(-call.result)};
    case Ending::Trapped:
      if (!in_order(trap, call, arch)) break;
      return Observed{Sighting::Trap, static_cast<std::uint16_t>(trap.error)};
    case Ending::ThreadDied: return Observed{Sighting::KillThread};
    case Ending::ProcessDied: return Observed{Sighting::KillProcess};
  }
  return odd;
}

// Of a call before the tracer; nothing: it would have passed there, too.
tl::expected<std::optional<Observed>, Failure> traced_sight(const ProbeCall& call,
                                                            std::uint16_t passed) {
  if (call.ending == Ending::ProcessDied) return Observed{Sighting::UnknownPassed};
  if (call.ending == Ending::Returned && call.result == -enosys)
    return Observed{Sighting::UserNotif};
  const std::int64_t message = call.result - traced_mark;
  if (call.ending != Ending::Returned || message < 0 || message > 0xffff)
    return tl::unexpected(Failure{FailureKind::UnexpectedResult, 0});
  if (message == passed) return std::nullopt;
  return Observed{Sighting::Trace, static_cast<std::uint16_t>(message)};
}

bool dies(Ending ending) { return ending == Ending::ThreadDied || ending == Ending::ProcessDied; }

}  // namespace

// One batch of records and what is known of each.
class Oracle::Verdicts {
 public:
  Verdicts(Oracle& oracle, Inquiry inquiry)
      : oracle_(oracle), workers_(*oracle.workers_), inquiry_(inquiry) {}

  tl::expected<std::vector<Sight>, Failure> ask(Detail detail) {
    if (auto done = ask_errno(); !done) return tl::unexpected(done.error());
    if (detail == Detail::Action) {
      for (const auto step :
           {&Verdicts::ask_tracer, &Verdicts::ask_harmless, &Verdicts::ask_values})
        if (auto done = (this->*step)(); !done) return tl::unexpected(done.error());
    }
    return sights_;
  }

 private:
  using Done = tl::expected<void, Failure>;
  using Places = std::vector<std::size_t>;  // indices of records

  // Makes the calls of these records and hands each to `judge` with its trap, if it ended so, and
  // the record's index.
  template <class Judge>
  Done make_calls(Workers::Station& station, Task task, std::optional<std::uint32_t> below,
                  const Places& places, const Judge& judge) {
    std::vector<SeccompData> some;
    std::span<const SeccompData> records = inquiry_.records();
    if (places.size() < records.size()) {
      for (const std::size_t place : places) some.push_back(records[place]);
      records = some;
    }
    std::vector<std::optional<NotAskable>> reasons;
    const auto asked = workers_.place_calls(station, records, inquiry_.read(), reasons);
    if (!asked) return tl::unexpected(asked.error());
    for (std::size_t i = 0; i < reasons.size(); ++i)
      if (reasons[i]) sights_[places[i]] = tl::unexpected(*reasons[i]);
    if (asked->empty()) return {};
    SharedArea& area = station.worker->area();
    if (auto placed = place_stack(area, below, inquiry_.stack()); !placed) return placed;
    if (auto done = workers_.ask(station, task, asked->size()); !done) return done;
    if (area.error != 0) return tl::unexpected(Failure{FailureKind::Refused, area.error});
    if (area.status != 0) return tl::unexpected(Failure{FailureKind::WorkerDied, 0});
    for (std::size_t i = 0; i < asked->size(); ++i)
      if (auto judged = judge(area.calls[i], area.traps[i], places[(*asked)[i]]); !judged)
        return judged;
    return {};
  }

  Done ask_errno() {
    sights_.assign(inquiry_.records().size(), passed_it);
    Places all(sights_.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    const auto ask_with = [&](std::optional<std::uint16_t> own, const Places& places) {
      const auto answer =
          own ? std::optional(seccomp::value_of(Action::Errno, *own)) : std::nullopt;
      return make_calls(
          workers_.guarded(), Task::Verdicts, answer, places,
          [&](const ProbeCall& call, const calls::Trap& trap, std::size_t place) -> Done {
            const auto sight = first_sight(call, trap, inquiry_.records()[place].arch,
                                           own.value_or(sentinel_errno));
            if (!sight) return tl::unexpected(sight.error());
            sights_[place] = *sight;
            return {};
          });
    };
    if (auto done = ask_with({}, all); !done) return done;
    if (!could_return(inquiry_.stack(), Action::Errno, sentinel_errno)) return {};
    return ask_with(other_errno, passed());
  }

  Done ask_tracer() {
    open_ = passed();
    for (const std::uint16_t message : messages) {
      if (open_.empty()) return {};
      Places left;
      auto done = make_calls(
          workers_.bare(), Task::Traced, seccomp::value_of(Action::Trace, message), open_,
          [&](const ProbeCall& call, const calls::Trap&, std::size_t place) -> Done {
            const auto sight = traced_sight(call, message);
            if (!sight) return tl::unexpected(sight.error());
            if (*sight) {
              sights_[place] = **sight;
            } else {
              left.push_back(place);
            }
            return {};
          });
      if (!done) return done;
      open_ = left;
      if (!could_return(inquiry_.stack(), Action::Trace, message)) return {};
    }
    return {};
  }

  Done ask_harmless() {
    Places runnable;
    Places others;
    for (const std::size_t place : open_)
      (calls::harmless(inquiry_.records()[place].nr) ? runnable : others).push_back(place);
    open_ = others;
    if (runnable.empty()) return {};
    Places alive;
    auto ran =
        make_calls(workers_.bare(), Task::Verdicts, {}, runnable,
                   [&](const ProbeCall& call, const calls::Trap&, std::size_t place) -> Done {
                     sights_[place] = Observed{Sighting::UnknownPassed};
                     if (!dies(call.ending)) alive.push_back(place);
                     return ran_or_died(call);
                   });
    if (!ran || alive.empty()) return ran;
    return make_calls(workers_.bare(), Task::Verdicts, between_log_and_allow, alive,
                      [&](const ProbeCall& call, const calls::Trap&, std::size_t place) -> Done {
                        sights_[place] =
                            Observed{dies(call.ending) ? Sighting::Allow : Sighting::Log};
                        return ran_or_died(call);
                      });
  }

  static Done ran_or_died(const ProbeCall& call) {
    const bool good =
        dies(call.ending) || (call.ending == Ending::Returned && call.result == -enosys);
    if (!good) return tl::unexpected(Failure{FailureKind::UnexpectedResult, 0});
    return {};
  }

  Done ask_values() {
    if (open_.empty()) return {};
    std::vector<SeccompData> records;
    for (const std::size_t place : open_) records.push_back(inquiry_.records()[place]);
    std::vector<seccomp::Verdict> combined(records.size(), {seccomp::value_of(Action::Allow)});
    for (std::size_t i = inquiry_.stack().size(); i-- > 0;) {
      const auto values = oracle_.value(inquiry_.stack()[i], records);
      if (!values) return tl::unexpected(values.error());
      for (std::size_t r = 0; r < records.size(); ++r)
        if ((*values)[r] && seccomp::overrides({*(*values)[r]}, combined[r]))
          combined[r] = {*(*values)[r]};
    }
    for (std::size_t r = 0; r < records.size(); ++r) {
      Observed seen = expected(combined[r]);
      seen.derived = true;
      sights_[open_[r]] = seen;
    }
    return {};
  }

  Places passed() const {
    Places result;
    for (std::size_t i = 0; i < sights_.size(); ++i)
      if (sights_[i] && sights_[i]->sighting == Sighting::Passed) result.push_back(i);
    return result;
  }

  Oracle& oracle_;
  Workers& workers_;
  Inquiry inquiry_;
  std::vector<Sight> sights_;
  Places open_;  // passed even the tracer
};

tl::expected<std::vector<Sight>, Failure> Oracle::verdict(Stack stack,
                                                          std::span<const SeccompData> records,
                                                          Detail detail) {
  std::vector<Sight> sights;
  sights.reserve(records.size());
  while (sights.size() < records.size()) {
    const std::size_t left = records.size() - sights.size();
    const auto batch = records.subspan(sights.size(), std::min(left, SharedArea::max_calls));
    auto seen = Verdicts(*this, Inquiry(stack, batch)).ask(detail);
    if (!seen) return tl::unexpected(seen.error());
    sights.insert(sights.end(), seen->begin(), seen->end());
  }
  return sights;
}

tl::expected<std::vector<DataSeen>, Failure> Oracle::read_back(
    std::span<const SeccompData> records) {
  std::vector<DataSeen> result;
  result.reserve(records.size());
  Workers::Station& station = workers_->bare();
  std::vector<std::optional<NotAskable>> reasons;
  while (result.size() < records.size()) {
    const std::size_t first = result.size();
    const auto batch =
        records.subspan(first, std::min(records.size() - first, SharedArea::max_calls));
    const auto asked = workers_->place_calls(station, batch, WordsRead::all(), reasons);
    if (!asked) return tl::unexpected(asked.error());
    for (const auto& reason : reasons)
      result.push_back(reason ? DataSeen(tl::unexpect, *reason) : DataSeen(SeccompData{}));
    if (asked->empty()) continue;
    SharedArea& area = station.worker->area();
    const auto listening = sentinel(calls::gate_pointer(), seccomp::value_of(Action::UserNotif));
    std::copy(listening.begin(), listening.end(), area.pool.begin());
    area.programs[0] = {0, static_cast<std::uint32_t>(listening.size())};
    for (std::size_t i = 0; i < asked->size(); ++i) area.seen[i] = {};
    if (auto done = workers_->ask(station, Task::ReadBack, asked->size()); !done)
      return tl::unexpected(done.error());
    if (area.error != 0) return tl::unexpected(Failure{FailureKind::Refused, area.error});
    if (area.status != 0) return tl::unexpected(Failure{FailureKind::WorkerDied, 0});
    for (std::size_t i = 0; i < asked->size(); ++i) {
      const auto order = seccomp::byte_order(batch[(*asked)[i]].arch);
      result[first + (*asked)[i]] = seccomp::from_words(area.seen[i], order);
    }
  }
  return result;
}

}  // namespace assay::kernel
