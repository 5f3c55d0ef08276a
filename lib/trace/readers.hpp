// The readers whose lines stand for themselves, or nearly so.
#pragma once

#include <unordered_set>

#include "assay/trace/reader.hpp"

namespace assay::trace {

class AuditReader final : public Reader {
 public:
  void read(std::string_view line, std::size_t number, std::vector<Call>& to) override;
};

// Its calls have the numbers of the 64-bit ABI whatever they were made through, and none of
// their arguments is whole.
class PerfTraceReader final : public Reader {
 public:
  explicit PerfTraceReader(const ReaderOptions& options) : arch_(options.arch) {}
  void read(std::string_view line, std::size_t number, std::vector<Call>& to) override;

 private:
  seccomp::Arch arch_;
  std::unordered_set<std::uint32_t> interrupted_;  // threads whose call goes on on a later line
};

// raw_syscalls:sys_enter has all registers, but is not written for calls that seccomp refused;
// of these there is sys_exit alone.
class PerfScriptReader final : public Reader {
 public:
  explicit PerfScriptReader(const ReaderOptions& options) : arch_(options.arch) {}
  void read(std::string_view line, std::size_t number, std::vector<Call>& to) override;

 private:
  seccomp::Arch arch_;
  std::unordered_set<std::uint32_t> inside_;  // threads that entered and did not leave yet
};

// Tables of calls and how often: strace -c and perf trace -s.
class SummaryReader final : public Reader {
 public:
  SummaryReader(Format format, const ReaderOptions& options)
      : arch_(options.arch), perf_(format == Format::PerfSummary) {}
  void read(std::string_view line, std::size_t number, std::vector<Call>& to) override;

 private:
  seccomp::Arch arch_;
  bool perf_;
  bool in_table_ = false;
};

// By name, as far as the arch has one; its name is kept where it has none.
Call call_by_name(seccomp::Arch arch, std::string_view name, std::size_t line);

}  // namespace assay::trace
