#include "trace/cursor.hpp"
#include "trace/readers.hpp"

namespace assay::trace {
namespace {

struct Row {
  std::string_view name;
  std::uint64_t calls = 0;
};

// A number with a fraction: columns of times and shares.
bool take_figure(Cursor& cursor) {
  cursor.skip_blanks();
  if (!is_digit(cursor.peek())) return false;
  cursor.word();
  if (cursor.take(".")) cursor.word();
  cursor.take("%");
  return true;
}

// "% time     seconds  usecs/call     calls    errors syscall", errors often blank.
std::optional<Row> strace_row(std::string_view line) {
  Cursor cursor(line);
  for (int column = 0; column < 3; ++column)
    if (!take_figure(cursor)) return std::nullopt;
  cursor.skip_blanks();
  const auto calls = cursor.number<std::uint64_t>();
  cursor.skip_blanks();
  if (is_digit(cursor.peek())) cursor.word();
  cursor.skip_blanks();
  const std::string_view name = cursor.word();
  if (!calls || name.empty()) return std::nullopt;
  return Row{name, *calls};
}

// "syscall            calls  errors  total       min       avg       max       stddev"
std::optional<Row> perf_row(std::string_view line) {
  Cursor cursor(line);
  cursor.skip_blanks();
  const std::string_view name = cursor.word();
  cursor.skip_blanks();
  const auto calls = cursor.number<std::uint64_t>();
  if (name.empty() || is_digit(name.front()) || !calls || cursor.peek() != ' ') return std::nullopt;
  return Row{name, *calls};
}

}  // namespace

void SummaryReader::read(std::string_view line, std::size_t number, std::vector<Call>& to) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.find("------") != std::string_view::npos) {
    in_table_ = perf_ || !in_table_;
    return;
  }
  const bool blank = line.find_first_not_of(" \t") == std::string_view::npos;
  if (blank || !in_table_) return;
  const auto row = perf_ ? perf_row(line) : strace_row(line);
  if (!row && perf_) in_table_ = false;  // the heading of the next thread's
  if (!row && !perf_) skip(Skip::NotUnderstood, number);
  if (!row) return;
  if (row->calls == 0) return;
  Call call = call_by_name(arch_, row->name, number);
  call.count = row->calls;
  to.push_back(std::move(call));
}

}  // namespace assay::trace
