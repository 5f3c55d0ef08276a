#include "assay/kernel/measure.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <memory>
#include <thread>

#include "assay/engine/filter_stack.hpp"
#include "assay/seccomp/special.hpp"
#include "assay/verify/accept.hpp"
#include "kernel/calls.hpp"
#include "kernel/measure_child.hpp"
#include "kernel/turn.hpp"

namespace assay::kernel {

using bpf::code_of;
using bpf::Instruction;
using bpf::Operand;
using bpf::Operation;
using seccomp::Action;
using seccomp::Verdict;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::uint32_t bodyless = 0x1000;  // a number that no call has
constexpr std::uint16_t refusal = 38;       // ENOSYS, as for a number that no call has
constexpr std::uint16_t ret_k = code_of(Operation::Ret, Operand::Immediate);

std::vector<Instruction> refusing(std::span<const Instruction> program) {
  std::vector<Instruction> result(program.begin(), program.end());
  for (Instruction& insn : result) {
    if (insn.code != ret_k) continue;
    switch (Verdict{insn.k}.action()) {
      case Action::Allow:
      case Action::Log:
      case Action::Trace:
      case Action::UserNotif: insn.k = value_of(Action::Errno, refusal); break;
      default: break;
    }
  }
  return result;
}

// The program behind a test that lets seccomp(2) pass; the kernel's bitmap sees through it.
std::vector<Instruction> open_to_install(std::span<const Instruction> program) {
  std::vector<Instruction> result{{code_of(Operation::Ld, Operand::Word), 0, 0, 0},
                                  {code_of(Operation::Jeq, Operand::Immediate), 0, 1, SYS_seccomp},
                                  {ret_k, 0, 0, value_of(Action::Allow)}};
  // A holds 0 where a filter begins; most load it at once.
  if (program[0].code != result[0].code)
    result.push_back({code_of(Operation::Ld, Operand::Immediate), 0, 0, 0});
  result.insert(result.end(), program.begin(), program.end());
  return result;
}

bool returns_accumulator(std::span<const verify::Program> stack) {
  for (const verify::Program& program : stack)
    for (std::size_t pc = 0; pc < program.size(); ++pc)
      if (program.opcode(pc).operation == Operation::Ret &&
          program.opcode(pc).operand == Operand::A)
        return true;
  return false;
}

// What is installed for a question, and what will then become of the call.
struct Preparation {
  Timing timing;
  Filters filters;
  std::uint32_t plain_nr = bodyless;
};

// What the interpreter says of it, since a call that runs by mistake is no measurement.
std::optional<engine::FilterStack::Answer> answer_of(const Filters& filters,
                                                     const TimedCall& call) {
  std::vector<verify::Program> programs;
  for (const auto& filter : filters) {
    const auto program = verify::accept(filter);
    if (!program) return std::nullopt;
    programs.push_back(*program);
  }
  return engine::FilterStack(programs).examine(engine::Interpreter::words_of(
      {call.nr, calls::native_arch(), calls::gate_pointer(), call.args}));
}

Filters filters_of(const TimedCall& call, bool rewritten, bool prefixed) {
  Filters filters;
  for (const verify::Program& program : call.stack) {
    std::vector<Instruction> filter(program.instructions().begin(), program.instructions().end());
    if (rewritten) filter = refusing(filter);
    if (prefixed) filter = open_to_install(filter);
    filters.push_back(std::move(filter));
  }
  return filters;
}

Preparation prepare(const TimedCall& call) {
  Preparation result;
  Timing& timing = result.timing;
  const bool named = call.nr < 0x40000000 || calls::harmless(call.nr);
  if (calls::exempt(call.nr) || !named) {
    timing.not_timed = NotTimed::Exempt;
    return result;
  }
  timing.prefixed = call.stack.size() > 1;
  result.filters = filters_of(call, false, timing.prefixed);
  auto answer = answer_of(result.filters, call);
  const auto acts = [&](Action action) { return answer && answer->verdict.action() == action; };
  if (acts(Action::Allow) && runs_harmlessly(call.nr)) {
    result.plain_nr = call.nr;
  } else if (answer && !acts(Action::Errno)) {
    timing.rewritten = true;
    result.filters = filters_of(call, true, timing.prefixed);
    answer = answer_of(result.filters, call);
  }
  if (!answer) {
    timing.not_timed = NotTimed::Refused;
    timing.error = EINVAL;
  } else if (!acts(Action::Errno) && result.plain_nr != call.nr) {
    timing.not_timed = returns_accumulator(call.stack) ? NotTimed::Returned : NotTimed::Signalled;
  } else {
    timing.executed = answer->instructions;
  }
  return result;
}

class SharedRound {
 public:
  SharedRound() {
    void* const memory =
        mmap(nullptr, sizeof(Round), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) round_ = static_cast<Round*>(memory);
  }
  ~SharedRound() {
    if (round_ != nullptr) munmap(round_, sizeof(Round));
  }
  SharedRound(const SharedRound&) = delete;
  SharedRound& operator=(const SharedRound&) = delete;

  explicit operator bool() const { return round_ != nullptr; }
  Round& operator*() { return *round_; }

 private:
  Round* round_ = nullptr;
};

// The last CPU that we may use: the first one serves most interrupts.
int chosen_cpu() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  int last = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) last = cpu;
  return last;
}

double nanoseconds_per_tick() {
  const auto start = Clock::now();
  const std::uint64_t first = calls::ticks();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const std::uint64_t last = calls::ticks();
  const std::chrono::duration<double, std::nano> took = Clock::now() - start;
  return took.count() / static_cast<double>(last - first);
}

class Session {
 public:
  Session(std::span<const TimedCall> calls, const MeterOptions& options)
      : calls_(calls), options_(options), cpu_(chosen_cpu()), tick_(nanoseconds_per_tick()) {
    for (const TimedCall& call : calls) prepared_.push_back(prepare(call));
    samples_.resize(calls.size());
  }

  tl::expected<Timings, Unavailable> run() {
    const auto end = Clock::now() + options_.limit;
    for (unsigned round = 0; round < options_.rounds && Clock::now() < end; ++round) {
      // The turn is given back after each: a measurement is long, and others wait.
      const auto turn = Turn::take(std::chrono::duration_cast<std::chrono::milliseconds>(
          std::max(end - Clock::now(), Clock::duration::zero())));
      if (!turn) return tl::unexpected(Unavailable{Lack::Resources, EBUSY});
      const TimedCall none{{}, bodyless, {}};
      if (const auto sample = ask(none, {{}, {}, bodyless}, nothing_timing_))
        nothing_.push_back(*sample);
      if (nothing_timing_.not_timed == NotTimed::Refused)
        return tl::unexpected(Unavailable{Lack::NoNewPrivs, nothing_timing_.error});
      for (std::size_t i = 0; i < calls_.size(); ++i) {
        Preparation& at = prepared_[i];
        if (at.timing.not_timed != NotTimed::None) continue;
        if (const auto sample = ask(calls_[i], at, at.timing)) samples_[i].push_back(*sample);
      }
    }
    return summary();
  }

 private:
  std::optional<double> ask(const TimedCall& call, const Preparation& at, Timing& timing) {
    if (!shared_) return std::nullopt;
    Round& round = *shared_;
    round = {at.plain_nr, call.nr, {}, std::max(1U, options_.calls / measure_chunks), 0, 0, 0, 0};
    std::copy(call.args.begin(), call.args.end(), round.args);
    const pid_t child = fork();
    if (child == 0) run_round(round, at.filters, cpu_);
    if (child < 0 || !reap(child)) {
      timing.not_timed = NotTimed::Lost;
      return std::nullopt;
    }
    rest_for(at.filters.size());
    if (round.error != 0) {
      timing.not_timed = NotTimed::Refused;
      timing.error = round.error;
      return std::nullopt;
    }
    if (round.done == 0) {
      timing.not_timed = NotTimed::Lost;
      return std::nullopt;
    }
    const auto added =
        static_cast<double>(round.filtered_ticks) - static_cast<double>(round.plain_ticks);
    return added * tick_ / round.calls;
  }

  // A child that does not end within the limit of the whole is ended.
  bool reap(pid_t child) const {
    const auto end = Clock::now() + options_.limit;
    for (;;) {
      int status = 0;
      const pid_t ended = waitpid(child, &status, WNOHANG);
      if (ended == child) return true;
      if (ended < 0 && errno != EINTR) return false;
      if (Clock::now() > end) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        return false;
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }

  void rest_for(std::size_t filters) {
    dropped_ += filters;
    if (dropped_ < drops_between_pauses) return;
    std::this_thread::sleep_for(drop_rest);
    dropped_ = 0;
  }

  Timings summary() {
    Timings result{{}, estimate(nothing_)};
    // What shows for no filter at all is no cost of one.
    const double noise = std::max(std::abs(result.nothing.low), std::abs(result.nothing.high));
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      Timing timing = prepared_[i].timing;
      if (timing.not_timed == NotTimed::None) {
        timing.added = estimate(samples_[i]);
        if (!supported(timing.added, samples_[i].size(), noise)) timing.not_timed = NotTimed::Noise;
      }
      result.timings.push_back(timing);
    }
    return result;
  }

  static bool supported(const Estimate& added, std::size_t rounds, double noise) {
    constexpr std::size_t least_rounds = 7;
    constexpr double least_ns = 1.5;  // of an interval that is wide in proportion alone
    const double width = added.high - added.low;
    return rounds >= least_rounds && added.low > noise &&
           width <= std::max(least_ns, added.median / 2);
  }

  std::span<const TimedCall> calls_;
  MeterOptions options_;
  int cpu_;
  double tick_;
  SharedRound shared_;
  std::vector<Preparation> prepared_;
  std::vector<std::vector<double>> samples_;
  std::vector<double> nothing_;
  Timing nothing_timing_;
  std::size_t dropped_ = 0;
};

}  // namespace

// Between the ranks n/2 -+ 1.96 * sqrt(n) / 2, those of a fair coin.
Estimate estimate(std::vector<double> samples) {
  if (samples.empty()) return {};
  std::sort(samples.begin(), samples.end());
  const auto count = static_cast<double>(samples.size());
  const auto last = static_cast<double>(samples.size() - 1);
  const auto at = [&](double rank) {
    return samples[static_cast<std::size_t>(std::clamp(rank, 0.0, last))];
  };
  const double half = 0.98 * std::sqrt(count);
  return {(at(std::floor(last / 2)) + at(std::ceil(last / 2))) / 2,
          at(std::floor(count / 2 - half)), at(std::ceil(count / 2 + half) - 1)};
}

std::string_view describe(NotTimed reason) {
  switch (reason) {
    case NotTimed::None: return "timed";
    case NotTimed::Exempt: return "no number that may be asked about";
    case NotTimed::Signalled: return "the filters answer it with a signal";
    case NotTimed::Returned: return "RET A cannot be rewritten to a refusal";
    case NotTimed::Refused: return "the kernel refuses the filters";
    case NotTimed::Lost: return "a child did not come back";
    case NotTimed::Noise: return "the noise does not support a number";
  }
  return {};
}

bool runs_harmlessly(std::uint32_t nr) {
  return nr == SYS_getppid || nr == SYS_getuid || nr == SYS_getgid || calls::harmless(nr);
}

tl::expected<Timings, Unavailable> time_calls(std::span<const TimedCall> calls,
                                              const MeterOptions& options) {
  if (!calls::supported() || !calls::has_tick_counter())
    return tl::unexpected(Unavailable{Lack::Architecture, 0});
  return Session(calls, options).run();
}

}  // namespace assay::kernel
