// The child's side of a Worker: what it shares with its parent, and its loop.
//
// The child answers one request at a time from the shared area. It runs no code but its own
// (no allocation, no library) and makes its system calls through the gate, the only place from
// where its sentinel lets them pass.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "assay/bpf/instruction.hpp"
#include "kernel/calls.hpp"

namespace assay::kernel {

enum class Task : std::uint32_t {
  Accept,  // dry run of each program
  Attach,  // really, one on top of the other, in a grandchild
  Map,     // make the pages ready for probes
  Unmap,
  Values,    // programs show the parts of one filter's value: ask them all calls
  Verdicts,  // programs are a stack, oldest first: make all calls under it
  Traced,    // the same before a tracer, which lets no call pass
  ReadBack,  // make all calls before a listener, which says what the kernel saw
};

constexpr bool installs(Task task) { return task != Task::Map && task != Task::Unmap; }

struct ProgramPlace {
  std::uint32_t first = 0;   // in the pool
  std::uint32_t length = 0;  // as given to the kernel
};

// How the call of a Verdicts or Traced task ended.
enum class Ending : std::uint32_t {
  NotMade,
  Returned,     // see result
  Trapped,      // see SharedArea::traps
  ThreadDied,   // alone: another thread of its process lived on
  ProcessDied,  // all of its threads
};

// As small as can be: the calls of a batch are gone through again and again.
struct ProbeCall {
  std::uint64_t pointer = 0;
  std::array<std::uint64_t, calls::call_arguments> args{};
  std::uint32_t nr = 0;
  calls::Entry entry{};

  // Answers.
  Ending ending{};           // Verdicts, Traced
  std::uint32_t value = 0;   // Values: gathered part by part
  std::uint32_t killed = 0;  // Values: by a division by 0
  std::int32_t odd = 0;      // a result that cannot be
  std::int64_t result = 0;
};

enum class StartProblem : std::uint32_t { None, NoNewPrivs, Filters, Listeners, Resources };

struct SharedArea {
  static constexpr std::size_t max_programs = 1 << 16;
  static constexpr std::size_t pool_size = 1 << 20;
  static constexpr std::size_t max_calls = 1 << 12;
  static constexpr std::size_t max_pages = 1 << 13;

  // Set once, by the child when it starts.
  StartProblem start_problem;
  std::int32_t start_error;
  std::uint64_t home;  // instruction_pointer of a probe that is always there
  // That of calls::Entry::Compat; 0: there is no such door. Its low word is that of home.
  std::uint64_t compat_home;

  Task task;
  std::uint32_t count;   // programs, pages or calls
  std::uint32_t flags;   // Attach
  std::uint32_t parts;   // Values: programs that show a part each; 1: all parts, by pointer
  std::uint32_t compat;  // Values: how many calls enter by calls::Entry::Compat
  std::uint32_t stack;   // Verdicts, Traced: how many programs
  // Values, Verdicts: programs[nested] is the newest filter, open to the gate, so that a child
  // under it can have children of its own, one for each death. 0: there is none.
  std::uint32_t nested;
  std::int32_t error;   // answer: the errno that stopped it
  std::int32_t status;  // answer: wait status of a grandchild that ended oddly
  volatile std::uint32_t progress;
  volatile std::uint32_t phase;  // Values: see make_value_calls()

  std::array<ProgramPlace, max_programs> programs;
  std::array<std::int32_t, max_programs> errors;  // Accept, Attach: answers
  std::array<bpf::Instruction, pool_size> pool;
  std::array<std::uint64_t, max_pages> pages;
  std::array<std::int32_t, max_pages> page_errors;
  std::array<ProbeCall, max_calls> calls;
  std::array<calls::Trap, max_calls> traps;                   // of the calls that ended so
  std::array<std::array<std::uint32_t, 16>, max_calls> seen;  // ReadBack: struct seccomp_data
};

// Probes of a packed filter: home + part * part_distance, or compat_home + the same.
inline constexpr std::uint64_t part_distance = calls::compat_distance;

// A tracer's mark on a call that it stopped: this much above the message of the filter.
inline constexpr std::int64_t traced_mark = 0x10000;

struct ChildPlan {
  int socket = -1;                       // one byte in: do the task; one byte out: done
  int parent = 0;                        // pid
  bool guarded = false;                  // stand under the sentinel, with a listener for dry runs
  ProgramPlace sentinel;                 // in the pool
  std::array<calls::Mapping, 8> vdso{};  // to be given up for the 32-bit one
  std::uint32_t vdso_mappings = 0;
};

// Never returns. All signals must be blocked.
[[noreturn]] void serve(SharedArea& area, const ChildPlan& plan);

}  // namespace assay::kernel
