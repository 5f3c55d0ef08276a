#include "assay/trace/reader.hpp"

#include <cstring>

#include "trace/cursor.hpp"
#include "trace/readers.hpp"
#include "trace/strace_reader.hpp"

namespace assay::trace {
namespace {

constexpr std::array<std::string_view, formats> format_names{
    "strace", "strace-c", "audit", "perf", "perf-s", "perf-script", "json", "raw"};

// A first record whose arch some architecture has.
bool looks_raw(std::string_view head) {
  if (head.size() < seccomp::data_bytes || head.find('\0') == std::string_view::npos) return false;
  seccomp::SeccompData record;
  std::memcpy(&record, head.data(), sizeof record);
  return seccomp::find_arch(record.arch).has_value();
}

bool looks_perf(std::string_view line) {
  Cursor cursor(line);
  cursor.skip_blanks();
  if (!cursor.take("?")) {
    cursor.word();
    if (cursor.take(".")) cursor.word();
  }
  if (!cursor.take(" (")) return false;
  cursor.skip_blanks();
  if (cursor.take("): ")) return true;
  cursor.word();
  if (cursor.take(".")) cursor.word();
  return cursor.take(" ms): ");
}

bool has(std::string_view line, std::string_view part) {
  return line.find(part) != std::string_view::npos;
}

std::optional<Format> detect_line(std::string_view line) {
  if (line.starts_with('{')) return Format::Json;
  if (has(line, "audit(") && (has(line, "type=1326") || has(line, "type=SECCOMP")))
    return Format::Audit;
  if (has(line, "sys_enter: NR ") || has(line, "sys_exit: NR ")) return Format::PerfScript;
  if (looks_perf(line)) return Format::PerfTrace;
  if (line.starts_with("% time ")) return Format::StraceSummary;
  if (has(line, "Summary of events:")) return Format::PerfSummary;
  return std::nullopt;
}

// One of strace's own lines, whatever summary comes after it.
bool looks_strace(std::string_view line) {
  const auto kind = parse_strace_line(line).kind;
  return kind != StraceLine::Kind::Nothing && kind != StraceLine::Kind::Unknown;
}

}  // namespace

std::string_view name(Format format) { return format_names[static_cast<std::size_t>(format)]; }

std::optional<Format> find_format(std::string_view name) {
  for (std::size_t i = 0; i < format_names.size(); ++i)
    if (format_names[i] == name) return static_cast<Format>(i);
  return std::nullopt;
}

std::string_view describe(Skip skip) {
  switch (skip) {
    case Skip::NotUnderstood: return "not understood";
    case Skip::Injected: return "changed by strace, so that the kernel did not see them";
    case Skip::Restarted: return "a restart_syscall that strace guessed";
    case Skip::Elsewhere: return "ends of calls that began elsewhere";
    case Skip::Nameless: return "calls without a known number";
  }
  return "";
}

Format detect(std::string_view head) {
  if (looks_raw(head)) return Format::Raw;
  constexpr std::size_t longest = 400;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    const std::string_view line = head.substr(0, std::min(end, longest));
    if (looks_strace(line)) return Format::Strace;
    if (const auto format = detect_line(line)) return *format;
    head.remove_prefix(std::min(end + 1, head.size()));
  }
  return Format::Strace;
}

std::unique_ptr<Reader> make_reader(Format format, const ReaderOptions& options) {
  switch (format) {
    case Format::StraceSummary:
    case Format::PerfSummary: return std::make_unique<SummaryReader>(format, options);
    case Format::Audit: return std::make_unique<AuditReader>();
    case Format::PerfTrace: return std::make_unique<PerfTraceReader>(options);
    case Format::PerfScript: return std::make_unique<PerfScriptReader>(options);
    default: return std::make_unique<StraceReader>(options);
  }
}

}  // namespace assay::trace
