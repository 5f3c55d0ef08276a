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

namespace assay::kernel {

enum class Task : std::uint32_t {
  Accept,  // dry run of each program
  Attach,  // really, one on top of the other, in a grandchild
  Map,     // make the pages ready for probes
  Unmap,
  Values,  // programs[0..2] are the three parts of one filter: ask them all calls
};

struct ProgramPlace {
  std::uint32_t first = 0;   // in the pool
  std::uint32_t length = 0;  // as given to the kernel
};

struct ProbeCall {
  std::uint64_t pointer = 0;
  std::array<std::uint64_t, 6> args{};
  std::uint32_t nr = 0;
  std::uint32_t value = 0;   // answer: gathered part by part
  std::uint32_t killed = 0;  // answer: by a division by 0
  std::int32_t odd = 0;      // answer: a result that cannot be
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

  Task task;
  std::uint32_t count;  // programs, pages or calls
  std::uint32_t flags;  // Attach
  std::int32_t error;   // answer: the errno that stopped it
  std::int32_t status;  // answer: wait status of a grandchild that ended oddly
  volatile std::uint32_t progress;

  std::array<ProgramPlace, max_programs> programs;
  std::array<std::int32_t, max_programs> errors;  // Accept, Attach: answers
  std::array<bpf::Instruction, pool_size> pool;
  std::array<std::uint64_t, max_pages> pages;
  std::array<std::int32_t, max_pages> page_errors;
  std::array<ProbeCall, max_calls> calls;
};

struct ChildPlan {
  int socket = -1;        // one byte in: do the task; one byte out: done
  int parent = 0;         // pid
  bool guarded = false;   // stand under the sentinel, with a listener for dry runs
  ProgramPlace sentinel;  // in the pool
};

// Never returns. All signals must be blocked.
[[noreturn]] void serve(SharedArea& area, const ChildPlan& plan);

}  // namespace assay::kernel
