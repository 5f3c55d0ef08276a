// Follows a command under ptrace: every thread, child and exec, up to the end of the last.
//
// Each thread's stack of filters is tracked as the kernel keeps it: a new thread or process
// starts with its maker's, exec keeps it, TSYNC gives one thread's to all of its process.
// Everything runs in one thread, whose only children are the command and its descendants.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "assay/kernel/capture.hpp"

namespace assay::kernel {

// Which tasks are alive, for the thread that handles signals while another one traces.
class Census {
 public:
  void add(int tid);
  void remove(int tid);
  void send(int tid, int signal) const;  // if it is alive
  void kill_all() const;

 private:
  mutable std::mutex mutex_;
  std::set<int> tids_;
};

class Follower {
 public:
  Follower(const InstallSink& sink, RunOptions options, Census& census, std::size_t inherited)
      : sink_(sink), options_(options), census_(census), inherited_(inherited) {}

  // Takes over a child of this thread that is still waiting to be let go.
  tl::expected<void, CaptureFailure> seize(int root);
  tl::expected<RunResult, CaptureFailure> run();

 private:
  struct Stack {
    std::size_t depth = 0;
    std::optional<std::size_t> top;  // the event of the newest filter
  };
  struct Thread {
    int pid = 0;
    Stack stack;
    std::optional<Install> pending;  // between entry and exit of an installing call
  };

  void on_stop(int tid, int status);
  void on_end(int tid, int status);
  void on_event(int tid, int event);
  void on_exec(int tid);
  void on_system_call(int tid);
  void finish(Thread& thread, std::int64_t result, bool refused);
  void installed(Thread& thread, Install& install);
  void adopt(int tid, const Stack& stack);
  void release_orphans(const Thread& ended);
  void resume(int tid, int signal = 0);
  void fail(CaptureProblem problem, int error);

  const InstallSink& sink_;
  RunOptions options_;
  Census& census_;
  std::size_t inherited_;
  std::size_t next_id_ = 0;
  int root_ = 0;
  std::map<int, Thread> threads_;
  std::set<int> held_;  // stopped at birth until the maker's event names them
  RunResult result_;
  std::optional<CaptureFailure> failure_;
};

}  // namespace assay::kernel
