// Readers of recorded system calls, line by line: what strace, the audit log and perf write.
//
//   auto reader = make_reader(Format::Strace, {});
//   reader->read(line, number, calls);   // appends the calls that the line completes
//   reader->finish(calls);               // and those that were never answered
//
// Nothing is an error: a line that is no record is counted as skipped, since a recording on
// stderr has the program's own output in between. Memory is bounded by the number of threads
// that are traced at a time (thread_limit). A reader belongs to one thread. What each format
// tells and what it does not: docs/replay.md.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "assay/seccomp/arch.hpp"
#include "assay/trace/call.hpp"

namespace assay::trace {

enum class Format : std::uint8_t {
  Strace,         // strace, with any options
  StraceSummary,  // strace -c
  Audit,          // records type=1326: kernel log, audit.log, ausearch with and without -i
  PerfTrace,      // perf trace
  PerfSummary,    // perf trace -s
  PerfScript,     // perf script of raw_syscalls, and ftrace's
  Json,           // a record a line (docs/formats/records.md)
  Raw,            // struct seccomp_data in the byte order of this machine
};
inline constexpr std::size_t formats = 8;
std::string_view name(Format format);  // "strace", "strace-c", ...
std::optional<Format> find_format(std::string_view name);

// From the first bytes of a recording; Strace when they look like nothing else.
Format detect(std::string_view head);

enum class Skip : std::uint8_t {
  NotUnderstood,
  Injected,   // strace changed the call: the kernel did not see what is printed
  Restarted,  // strace guessed a restart_syscall; no call was made
  Elsewhere,  // the end of a call that began before the recording, or in another file of it
  Nameless,   // a call of which neither number nor a known name is told
};
inline constexpr std::size_t skip_kinds = 5;
std::string_view describe(Skip skip);

struct Skipped {
  std::uint64_t count = 0;
  std::size_t first_line = 0;
};

struct ReaderOptions {
  seccomp::Arch arch = seccomp::Arch::x86_64;  // where the recording does not say
};

inline constexpr std::size_t thread_limit = 65536;

class Reader {
 public:
  virtual ~Reader() = default;
  virtual void read(std::string_view line, std::size_t number, std::vector<Call>& to) = 0;
  virtual void finish(std::vector<Call>&) {}

  const Skipped& skipped(Skip skip) const { return skipped_[static_cast<std::size_t>(skip)]; }

 protected:
  void skip(Skip skip, std::size_t line) {
    Skipped& entry = skipped_[static_cast<std::size_t>(skip)];
    if (entry.count++ == 0) entry.first_line = line;
  }

 private:
  std::array<Skipped, skip_kinds> skipped_;
};

// For every format but Json and Raw, which load::TraceStream reads.
std::unique_ptr<Reader> make_reader(Format format, const ReaderOptions& options);

}  // namespace assay::trace
