#include "trace/strace_line.hpp"

#include "trace/cursor.hpp"

namespace assay::trace {
namespace {

using Kind = StraceLine::Kind;

constexpr std::uint32_t highest_pid = 4194304;  // PID_MAX_LIMIT

bool take_clock(Cursor& cursor) {
  Cursor attempt = cursor;
  const auto pair = [&] {
    const std::string_view digits = attempt.rest().substr(0, 2);
    if (digits.size() < 2 || !is_digit(digits[0]) || !is_digit(digits[1])) return false;
    attempt.cut(2);
    return true;
  };
  if (!pair() || !attempt.take(":") || !pair() || !attempt.take(":") || !pair()) return false;
  if (attempt.take(".")) attempt.word();
  if (!attempt.take(" ")) return false;
  cursor = attempt;
  return true;
}

// "1795308550.013330 ", "     0.000104 ", and whole seconds too large for a pid.
bool take_seconds(Cursor& cursor) {
  Cursor attempt = cursor;
  attempt.skip_blanks();
  const auto whole = attempt.number<std::uint64_t>();
  if (!whole) return false;
  if (attempt.take(".")) {
    if (!is_digit(attempt.peek())) return false;
    attempt.word();
  } else if (*whole <= highest_pid) {
    return false;
  }
  if (!attempt.take(" ")) return false;
  cursor = attempt;
  return true;
}

void take_time(Cursor& cursor) {
  if (!take_clock(cursor)) take_seconds(cursor);
}

// "[  59] ", "[???] "
void take_nr(Cursor& cursor, StraceLine& line) {
  Cursor attempt = cursor;
  if (!attempt.take("[")) return;
  if (attempt.take("???] ")) {
    line.nr = 0xffffffff;
    cursor = attempt;
    return;
  }
  attempt.skip_blanks();
  const auto nr = attempt.number<std::uint32_t>();
  if (!nr || !attempt.take("] ")) return;
  line.nr = nr;
  cursor = attempt;
}

// "[00007fcb2cd81ad7] ", question marks, and 8 digits of a 32-bit strace.
void take_ip(Cursor& cursor, StraceLine& line) {
  for (const std::size_t digits : {std::size_t{16}, std::size_t{8}}) {
    const std::string_view text = cursor.rest();
    if (text.size() < digits + 3 || text[0] != '[' || text[digits + 1] != ']') continue;
    const std::string_view inside = text.substr(1, digits);
    const bool unknown = inside.find_first_not_of('?') == std::string_view::npos;
    const auto ip = whole_number<std::uint64_t>(inside, 16);
    if (!unknown && !ip) continue;
    line.ip = ip;
    cursor.cut(digits + 2);
    cursor.skip_blanks();
    return;
  }
}

// An instruction pointer of 8 or 16 decimal digits must not be taken for a number.
bool looks_like_ip(std::string_view text) {
  return text.size() > 18 && text[0] == '[' && text[17] == ']';
}

// After the pid and its comm.
void take_prefix(Cursor& cursor, StraceLine& line) {
  take_time(cursor);
  if (!looks_like_ip(cursor.rest())) take_nr(cursor, line);
  take_ip(cursor, line);
}

bool is_call(Cursor cursor) {
  const char first = cursor.peek();
  if (!is_letter(first) && first != '_') return false;
  cursor.word();
  return cursor.peek() == '(';
}

bool is_body(std::string_view text) {
  return is_call(Cursor(text)) || text.starts_with("<... ") || text.starts_with("+++ ") ||
         text.starts_with("--- ") || text.starts_with("[ Process ");
}

// "27810<multi> ": the comm may hold anything, so that its end is where a line makes sense.
bool take_comm(Cursor& cursor, std::string_view end) {
  constexpr std::size_t longest = 80;
  const std::string_view text = cursor.rest();
  for (std::size_t at = text.find(end); at < longest; at = text.find(end, at + 1)) {
    Cursor after(text.substr(at + end.size()));
    after.skip_blanks();
    const Cursor kept = after;
    StraceLine ignored;
    take_prefix(after, ignored);
    if (!is_body(after.rest())) continue;
    cursor = kept;
    return true;
  }
  return false;
}

void take_pid(Cursor& cursor, StraceLine& line) {
  Cursor attempt = cursor;
  const bool bracketed = attempt.take("[pid ");
  if (bracketed) attempt.skip_blanks();
  const auto pid = attempt.number<std::uint32_t>();
  if (!pid || *pid > highest_pid) return;
  const std::string_view end = bracketed ? "] " : " ";
  if (attempt.take("<")) {
    if (!take_comm(attempt, bracketed ? ">] " : "> ")) return;
  } else if (!attempt.take(end)) {
    return;
  }
  attempt.skip_blanks();
  line.pid = pid;
  cursor = attempt;
}

void parse_mode(Cursor cursor, StraceLine& line) {
  const auto pid = cursor.number<std::uint32_t>();
  if (!pid || !cursor.take(" runs in ")) return;
  line.subject = *pid;
  if (cursor.take("64 bit mode"))
    line.mode = StraceLine::Mode::Bits64;
  else if (cursor.take("32 bit mode"))
    line.mode = StraceLine::Mode::Bits32;
  else if (cursor.take("x32 mode"))
    line.mode = StraceLine::Mode::X32;
  else
    return;
  line.kind = Kind::Mode;
}

// "strace: Process 27801 attached", also "... attached with 3 threads".
void parse_remark(Cursor cursor, StraceLine& line) {
  line.kind = Kind::Nothing;
  if (!cursor.take("Process ")) return;
  const auto pid = cursor.number<std::uint32_t>();
  if (!pid || !cursor.take(" attached")) return;
  line.kind = Kind::Attached;
  line.subject = *pid;
}

void parse_end(std::string_view text, StraceLine& line) {
  if (text.starts_with("killed by SIGSYS"))
    line.kind = Kind::Killed;
  else if (text.starts_with("exited ") || text.starts_with("killed ") ||
           text.starts_with("superseded "))
    line.kind = Kind::Ended;
}

void parse_body(Cursor cursor, StraceLine& line) {
  if (is_call(cursor)) {
    line.kind = Kind::Call;
    line.name = cursor.word();
    line.rest = cursor.rest().substr(1);
  } else if (cursor.take("<... ")) {
    line.name = cursor.word();
    if (!cursor.take(" resumed>")) return;
    line.kind = Kind::Resumed;
    line.rest = cursor.rest();
  } else if (cursor.take("--- ")) {
    const bool trapped = cursor.rest().starts_with("SIGSYS {") &&
                         cursor.rest().find("si_code=SYS_SECCOMP") != std::string_view::npos;
    line.kind = trapped ? Kind::Trapped : Kind::Nothing;
  } else if (cursor.take("+++ ")) {
    parse_end(cursor.rest(), line);
  } else if (cursor.take("[ Process PID=")) {
    parse_mode(cursor, line);
  }
}

bool is_nothing(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos || text.starts_with(" > ") ||
         text.starts_with("==> ");
}

}  // namespace

StraceLine parse_strace_line(std::string_view text) {
  StraceLine line;
  if (text.ends_with('\r')) text.remove_suffix(1);
  Cursor cursor(text);
  if (is_nothing(text)) {
    line.kind = Kind::Nothing;
    return line;
  }
  if (cursor.take("strace: ")) {
    parse_remark(cursor, line);
    return line;
  }
  take_pid(cursor, line);
  take_prefix(cursor, line);
  parse_body(cursor, line);
  return line;
}

}  // namespace assay::trace
