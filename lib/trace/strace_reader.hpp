// strace across lines: which thread a line belongs to, through which ABI its calls are made,
// and calls whose answer stands on a later line.
//
// A call is handed out when the next line of its thread is read, since that line may say that
// seccomp refused it.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "assay/trace/reader.hpp"
#include "trace/arguments.hpp"
#include "trace/strace_line.hpp"

namespace assay::trace {

class StraceReader final : public Reader {
 public:
  explicit StraceReader(const ReaderOptions& options) : options_(options) {}

  void read(std::string_view line, std::size_t number, std::vector<Call>& to) override;
  void finish(std::vector<Call>& to) override;

 private:
  // A call of which the line has been read, as far as that.
  struct Open {
    std::string name;
    std::array<Value, ArgumentList::most> values;
    std::array<std::size_t, ArgumentList::most> positions{};
    std::size_t count = 0;
    std::optional<std::uint32_t> nr;
    std::optional<std::uint64_t> ip;
    std::size_t line = 0;
    bool exact = false;
  };
  struct Thread {
    std::optional<seccomp::Arch> arch;
    std::optional<Open> open;  // unfinished
    std::optional<Call> done;  // to be handed out
    bool mixed = false;        // it has made calls through several ABIs, and no marker said so
    bool interrupted = false;  // the last call ended in ERESTART_RESTARTBLOCK
  };

  void read_whole(std::string_view line, std::size_t number, std::vector<Call>& to);
  bool glue(std::string_view line, std::size_t number, std::vector<Call>& to);
  std::uint32_t thread_of(const StraceLine& line) const;
  Thread& thread(std::uint32_t pid, std::vector<Call>& to);
  void begin(const StraceLine& line, std::size_t number, std::uint32_t pid, std::vector<Call>& to);
  void resume(const StraceLine& line, std::size_t number, std::uint32_t pid, std::vector<Call>& to);
  Thread* waiting(std::uint32_t pid, std::string_view name);
  void add_arguments(const ArgumentList& list, Thread& of, Open& open);
  void complete(Thread& of, Open& open, std::uint32_t pid, std::string_view result);
  void refused(Thread& of, seccomp::Action action);
  void end(std::uint32_t pid, std::vector<Call>& to);
  void hand_out(Thread& of, std::vector<Call>& to);
  void note_child(const Thread& parent, std::string_view name, std::string_view result);
  void name_first_thread(std::uint32_t pid);
  void switch_mode(const StraceLine& line, std::vector<Call>& to);

  std::optional<Call> call_of(Thread& of, const Open& open);
  bool number(Thread& of, const Open& open, Call& call);
  void number_by_pair(Thread& of, const Open& open, Call& call);
  void switch_to(Thread& of, seccomp::Arch arch);
  bool number_by_name(Thread& of, const Open& open, Call& call);
  seccomp::Arch arch_of(const Thread& of) const { return of.arch.value_or(options_.arch); }

  ReaderOptions options_;
  std::unordered_map<std::uint32_t, Thread> threads_;
  std::string broken_;  // the front of a line that a remark of strace cut in two
  std::size_t broken_line_ = 0;
  bool in_summary_ = false;
  bool markers_seen_ = false;
  bool raw_seen_ = false;      // a line as -e raw=all prints it
  bool decoded_seen_ = false;  // a line that it would not print
};

}  // namespace assay::trace
