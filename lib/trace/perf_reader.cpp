#include "assay/names/syscalls.hpp"
#include "trace/cursor.hpp"
#include "trace/readers.hpp"

namespace assay::trace {
namespace {

std::string_view last_word(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t");
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  const std::size_t start = text.find_last_of(" \t");
  return start == std::string_view::npos ? text : text.substr(start + 1);
}

// "     2.270 ( 0.021 ms): ", "         ? (         ): "; nothing for a line of another kind.
std::optional<Cursor> after_times(std::string_view line) {
  Cursor cursor(line);
  cursor.skip_blanks();
  if (!cursor.take("?")) {
    if (!is_digit(cursor.peek())) return std::nullopt;
    cursor.word();
    if (cursor.take(".")) cursor.word();
  }
  if (!cursor.take(" (")) return std::nullopt;
  const std::size_t end = cursor.rest().find("): ");
  constexpr std::size_t longest = 40;
  if (end > longest) return std::nullopt;
  cursor.cut(end + 3);
  return cursor;
}

struct Entry {
  std::uint32_t tid = 0;
  std::string_view name;
  std::string_view rest;  // after the (
  bool continued = false;
};

// "comm/tid name(", where comm may hold anything: the first '/' that number and name follow.
std::optional<Entry> entry_of(std::string_view text) {
  for (std::size_t at = text.find('/'); at != std::string_view::npos; at = text.find('/', at + 1)) {
    Cursor cursor(text.substr(at + 1));
    Entry entry;
    const auto tid = cursor.number<std::uint32_t>();
    if (!tid || !cursor.take(" ")) continue;
    entry.tid = *tid;
    cursor.skip_blanks();
    entry.continued = cursor.take("... [continued]: ");
    entry.name = cursor.word();
    if (entry.name.empty() || is_digit(entry.name.front()) || !cursor.take("(")) continue;
    entry.rest = cursor.rest();
    return entry;
  }
  return std::nullopt;
}

// "modes 30668 [000]  6760.231585: ": the pid before the cpu; comm may hold anything. ftrace
// writes "modes-30668 [000] ...".
std::uint32_t pid_before_cpu(std::string_view head) {
  const std::size_t cpu = head.rfind(" [");
  if (cpu == std::string_view::npos) return 0;
  std::string_view word = last_word(head.substr(0, cpu));
  if (const std::size_t dash = word.rfind('-'); dash != std::string_view::npos)
    word = word.substr(dash + 1);
  return whole_number<std::uint32_t>(word).value_or(0);
}

// "(1, 10000040, 0, 0, 0, 0)", hexadecimal without 0x.
bool take_registers(Cursor& cursor, Call& call) {
  if (!cursor.take("(")) return false;
  for (std::size_t i = 0; i < call.data.args.size(); ++i) {
    if (i > 0 && !cursor.take(", ")) return false;
    cursor.take("0x");
    const auto value = cursor.number<std::uint64_t>(16);
    if (!value) return false;
    call.data.args[i] = *value;
    call.known.args[i] = ~std::uint64_t{0};
    call.gaps[i] = Gap::None;
  }
  return cursor.take(")");
}

}  // namespace

Call call_by_name(seccomp::Arch arch, std::string_view name, std::size_t line) {
  const auto nr = names::syscall_number(arch, name);
  Call call = call_of(seccomp::describe(arch).audit, nr.value_or(0), line);
  call.arch_assumed = true;
  if (!nr) {
    call.known.nr = 0;
    call.name = name;
  }
  return call;
}

void PerfTraceReader::read(std::string_view line, std::size_t number, std::vector<Call>& to) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
  const auto cursor = after_times(line);
  const auto entry = cursor ? entry_of(cursor->rest()) : std::nullopt;
  if (!entry) return skip(Skip::NotUnderstood, number);
  // The second half of a call whose first half was counted; of a refused one it is all.
  if (entry->continued && interrupted_.erase(entry->tid) > 0) return;
  if (line.ends_with(" ...") && interrupted_.size() < thread_limit) interrupted_.insert(entry->tid);
  Call call = call_by_name(arch_, entry->name, number);
  call.pid = entry->tid;
  to.push_back(std::move(call));
}

void PerfScriptReader::read(std::string_view line, std::size_t number, std::vector<Call>& to) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos || line.starts_with('#')) return;
  constexpr std::string_view anchor = ": NR ";
  const std::size_t at = line.rfind(anchor);
  const std::size_t enter = at == std::string_view::npos ? at : line.substr(0, at).rfind("sys_");
  if (enter == std::string_view::npos) return skip(Skip::NotUnderstood, number);
  const std::uint32_t pid = pid_before_cpu(line.substr(0, enter));
  const bool exit = line.substr(enter).starts_with("sys_exit");
  Cursor cursor(line.substr(at + anchor.size()));
  const auto nr = cursor.number<std::int64_t>();
  if (!nr) return skip(Skip::NotUnderstood, number);
  if (exit && inside_.erase(pid) > 0) return;
  Call call = call_of(seccomp::describe(arch_).audit, static_cast<std::uint32_t>(*nr), number);
  call.arch_assumed = true;
  call.pid = pid;
  if (!exit) {
    cursor.skip_blanks();
    if (!take_registers(cursor, call)) return skip(Skip::NotUnderstood, number);
    if (inside_.size() < thread_limit) inside_.insert(pid);
  }
  to.push_back(std::move(call));
}

}  // namespace assay::trace
