#include "trace/strace_reader.hpp"

#include <algorithm>

#include "assay/names/syscalls.hpp"
#include "trace/abi.hpp"
#include "trace/cursor.hpp"

namespace assay::trace {
namespace {

using seccomp::Arch;
using Kind = StraceLine::Kind;

constexpr std::string_view unfinished = "<unfinished ...>";
constexpr std::string_view detached = "<detached ...>";

std::string_view without_end(std::string_view text, std::string_view end) {
  if (!text.ends_with(end)) return text;
  text.remove_suffix(end.size());
  return text;
}

// Where a remark of strace starts that stands behind part of another line; npos for none.
std::size_t remark_in(std::string_view line) {
  if (!line.ends_with("tached")) return std::string_view::npos;
  const std::size_t at = line.rfind("strace: Process ");
  return at == 0 ? std::string_view::npos : at;
}

// "syscall_0x1f3"
std::optional<std::uint32_t> number_in_name(std::string_view name) {
  if (!name.starts_with("syscall_0x")) return std::nullopt;
  const auto value = whole_number<std::uint64_t>(name.substr(10), 16);
  return value ? std::optional(static_cast<std::uint32_t>(*value)) : std::nullopt;
}

bool is_x32_number(std::uint32_t nr) {
  return (nr & seccomp::x32_bit) != 0 && nr < 2 * seccomp::x32_bit;
}

std::optional<Arch> only_abi(Arch machine, std::uint32_t nr, std::string_view name) {
  std::optional<Arch> found;
  for (const Arch abi : abis_beside(machine)) {
    if (found == abi || names::syscall_name(abi, nr) != name) continue;
    if (found) return std::nullopt;
    found = abi;
  }
  return found;
}

void put(Call& call, std::size_t position, const Value& value) {
  if (position >= call.data.args.size()) return;
  call.data.args[position] = value.bits;
  call.known.args[position] = value.known;
  call.assumed.args[position] = value.assumed;
  call.gaps[position] = value.gap;
  if (value.nonzero) call.nonzero |= static_cast<std::uint8_t>(1U << position);
}

constexpr Value unknown_split{0, 0, 0, false, Gap::Split};

}  // namespace

void StraceReader::read(std::string_view line, std::size_t number, std::vector<Call>& to) {
  if (!broken_.empty() && glue(line, number, to)) return;
  if (const std::size_t at = remark_in(line); at != std::string_view::npos) {
    broken_ = line.substr(0, at);
    broken_line_ = number;
    return read_whole(line.substr(at), number, to);
  }
  read_whole(line, number, to);
}

// A remark cuts a line in two; the rest comes on the next one.
bool StraceReader::glue(std::string_view line, std::size_t number, std::vector<Call>& to) {
  if (line.starts_with("strace: Process ")) return false;
  constexpr std::size_t longest = std::size_t{1} << 20;
  std::string whole = std::move(broken_);
  broken_.clear();
  whole += line.substr(0, std::min(line.size(), longest));
  if (whole.size() > 2 * longest) {
    skip(Skip::NotUnderstood, number);
    return true;
  }
  if (const std::size_t at = remark_in(whole); at != std::string_view::npos) {
    broken_ = whole.substr(0, at);
    read_whole(std::string_view(whole).substr(at), number, to);
    return true;
  }
  read_whole(whole, broken_line_, to);
  return true;
}

void StraceReader::read_whole(std::string_view text, std::size_t number, std::vector<Call>& to) {
  if (text.starts_with("% time ")) in_summary_ = true;
  if (in_summary_) {
    in_summary_ = !text.ends_with(" total");
    return;
  }
  const StraceLine line = parse_strace_line(text);
  if (line.pid) name_first_thread(*line.pid);
  const std::uint32_t pid = thread_of(line);
  switch (line.kind) {
    case Kind::Call: return begin(line, number, pid, to);
    case Kind::Resumed: return resume(line, number, pid, to);
    case Kind::Trapped: return refused(thread(pid, to), seccomp::Action::Trap);
    case Kind::Killed: refused(thread(pid, to), seccomp::Action::KillProcess); return end(pid, to);
    case Kind::Ended: return end(pid, to);
    case Kind::Mode: return switch_mode(line, to);
    case Kind::Attached: thread(line.subject, to); return;
    case Kind::Nothing: return;
    case Kind::Unknown: return skip(Skip::NotUnderstood, number);
  }
}

// A line without a pid is of the only thread that there is.
std::uint32_t StraceReader::thread_of(const StraceLine& line) const {
  if (line.pid) return *line.pid;
  return threads_.size() == 1 ? threads_.begin()->first : 0;
}

StraceReader::Thread& StraceReader::thread(std::uint32_t pid, std::vector<Call>& to) {
  if (threads_.size() >= thread_limit && !threads_.contains(pid)) {
    for (auto& [other, state] : threads_) hand_out(state, to);
    threads_.clear();
  }
  return threads_[pid];
}

void StraceReader::begin(const StraceLine& line, std::size_t number, std::uint32_t pid,
                         std::vector<Call>& to) {
  Thread& of = thread(pid, to);
  hand_out(of, to);
  if (line.name == "restart_syscall") {
    // It has no arguments of its own. Without an interrupted call strace only guesses one.
    if (!of.interrupted) return skip(Skip::Restarted, number);
    of.interrupted = false;
  }
  std::string_view rest = line.rest;
  const bool goes_on = rest.ends_with(unfinished) || rest.ends_with(detached);
  rest = without_end(without_end(rest, unfinished), detached);
  Open open;
  open.name = line.name;
  open.nr = line.nr;
  open.ip = line.ip;
  open.line = number;
  ArgumentList list;
  if (line.name != "restart_syscall")
    list = split_arguments(rest);
  else if (const std::size_t end = rest.find(')'); end != std::string_view::npos) {
    list.closed = true;
    list.rest = rest.substr(end + 1);
  }
  add_arguments(list, of, open);
  if (list.closed && !goes_on) return complete(of, open, pid, list.rest);
  of.open = std::move(open);
}

// The thread that waits for the end of such a call: strace leaves the pid out when it can, and
// an execve ends under another one.
StraceReader::Thread* StraceReader::waiting(std::uint32_t pid, std::string_view name) {
  const auto own = threads_.find(pid);
  if (own != threads_.end() && own->second.open && own->second.open->name == name)
    return &own->second;
  Thread* found = nullptr;
  for (auto& [other, state] : threads_) {
    if (!state.open || state.open->name != name) continue;
    if (found != nullptr) return nullptr;
    found = &state;
  }
  return found;
}

void StraceReader::resume(const StraceLine& line, std::size_t number, std::uint32_t pid,
                          std::vector<Call>& to) {
  Thread* const of = waiting(pid, line.name);
  // Begun before the recording, or in another file of -ff.
  if (of == nullptr) return skip(Skip::Elsewhere, number);
  Open open = std::move(*of->open);
  of->open.reset();
  const ArgumentList list = split_arguments(line.rest);
  add_arguments(list, *of, open);
  hand_out(*of, to);
  complete(*of, open, pid, list.rest);
  if (line.name != "execve" || threads_.contains(pid)) return;
  // An execve by another thread than the first, whose pid it has from now on.
  Thread moved = std::move(*of);
  std::erase_if(threads_, [&](const auto& entry) { return &entry.second == of; });
  threads_.emplace(pid, std::move(moved));
}

void StraceReader::add_arguments(const ArgumentList& list, Thread& of, Open& open) {
  const bool unknown = number_in_name(open.name).has_value();  // always printed in hexadecimal
  const bool plain = all_plain(list);
  if (!unknown && list.count > 0) {
    const std::string_view first = list.arguments[0].text;
    const bool odd = plain && first != "0" && open.count == 0 &&
                     (open.name == "execve" || takes_descriptor(open.name));
    raw_seen_ = raw_seen_ || odd;
    decoded_seen_ = decoded_seen_ || !plain;
    open.exact = open.exact || odd;
  }
  const bool exact = plain && (unknown || open.exact || (raw_seen_ && !decoded_seen_));
  open.exact = exact;
  const ValueRules rules{exact, has_usual_constants(arch_of(of))};
  for (std::size_t i = list.continues_last ? 1 : 0; i < list.count; ++i) {
    if (open.count >= open.values.size()) break;
    const Argument& argument = list.arguments[i];
    const bool clone = !argument.name.empty() && open.name == "clone";
    open.values[open.count] = value_of(argument.text, rules);
    open.positions[open.count] =
        clone ? clone_position(arch_of(of), argument.name).value_or(6) : open.count;
    ++open.count;
  }
}

void StraceReader::complete(Thread& of, Open& open, std::uint32_t pid, std::string_view result) {
  if (result.find("(INJECTED") != std::string_view::npos) return skip(Skip::Injected, open.line);
  of.interrupted = result.find("ERESTART_RESTARTBLOCK") != std::string_view::npos;
  auto call = call_of(of, open);
  note_child(of, open.name, result);
  if (!call) return skip(Skip::Nameless, open.line);
  call->pid = pid;
  of.done = std::move(call);
}

std::optional<Call> StraceReader::call_of(Thread& of, const Open& open) {
  Call call;
  call.line = open.line;
  call.known = {~0U, ~0U, open.ip ? ~std::uint64_t{0} : 0, {}};
  call.data.instruction_pointer = open.ip.value_or(0);
  call.gaps.fill(Gap::Unprinted);
  const bool numbered = number(of, open, call);
  for (std::size_t i = 0; i < open.count; ++i) put(call, open.positions[i], open.values[i]);
  const Arch arch = arch_of(of);
  const auto through = multiplexed(arch, open.name);
  if (through && call.data.nr == through->nr) {
    for (std::size_t i = 1; i < call.gaps.size(); ++i) put(call, i, unknown_split);
    put(call, 0, {through->call, through->known, ~through->known, true, Gap::Split});
    call.nonzero |= 2;  // the sub-call's arguments, in memory
  } else if (!open.exact) {
    for (std::size_t i = first_split(arch, open.name); i < call.gaps.size(); ++i)
      put(call, i, unknown_split);
  }
  return numbered || !call.name.empty() ? std::optional(std::move(call)) : std::nullopt;
}

bool StraceReader::number(Thread& of, const Open& open, Call& call) {
  bool numbered = true;
  if (open.nr)
    number_by_pair(of, open, call);
  else
    numbered = number_by_name(of, open, call);
  call.data.arch = seccomp::describe(arch_of(of)).audit;
  call.arch_assumed = call.arch_assumed || !of.arch.has_value();
  return numbered;
}

// Number and name together often belong to one ABI only.
void StraceReader::number_by_pair(Thread& of, const Open& open, Call& call) {
  call.data.nr = *open.nr;
  const Arch arch = arch_of(of);
  const bool wide_family = arch_64_bit_of(options_.arch) == Arch::x86_64;
  if (wide_family && is_x32_number(*open.nr)) return switch_to(of, Arch::x32);
  const bool fits = of.arch && names::syscall_name(arch, *open.nr) == open.name;
  if (fits && !of.mixed) return;
  const auto through = multiplexed(Arch::x86, open.name);
  if (wide_family && through && through->nr == *open.nr) return switch_to(of, Arch::x86);
  if (const auto abi = only_abi(options_.arch, *open.nr, open.name)) return switch_to(of, *abi);
  call.arch_assumed = of.mixed;
}

// By number and name alone: calls that two ABIs have cannot be told apart from now on.
void StraceReader::switch_to(Thread& of, Arch arch) {
  of.mixed = of.mixed || (of.arch && of.arch != arch && !markers_seen_);
  of.arch = arch;
}

bool StraceReader::number_by_name(Thread& of, const Open& open, Call& call) {
  if (const auto nr = number_in_name(open.name)) {
    call.data.nr = *nr;
    const bool wide_family = arch_64_bit_of(options_.arch) == Arch::x86_64;
    if (wide_family && is_x32_number(*nr)) of.arch = Arch::x32;
    return true;
  }
  const Arch arch = arch_of(of);
  const auto nr = names::syscall_number(arch, open.name);
  const auto through = multiplexed(arch, open.name);
  if (nr)
    call.data.nr = *nr;
  else if (through)
    call.data.nr = through->nr;
  else {
    call.known.nr = 0;
    call.name = open.name;
    return false;
  }
  // On machines with socketcall either way may have been taken.
  call.number_assumed = nr && through;
  if (call.number_assumed) {
    call.known.nr = 0;
    call.assumed.nr = ~0U;
  }
  return true;
}

void StraceReader::note_child(const Thread& parent, std::string_view name,
                              std::string_view result) {
  const bool forks = name == "clone" || name == "clone3" || name == "fork" || name == "vfork";
  if (!forks || !parent.arch) return;
  Cursor cursor(result);
  cursor.skip_blanks();
  if (!cursor.take("= ")) return;
  const bool hex = cursor.take("0x");
  const auto child = cursor.number<std::uint32_t>(hex ? 16 : 10);
  if (!child || *child == 0 || threads_.size() >= thread_limit) return;
  const auto arch = parent.arch;
  Thread& state = threads_[*child];
  if (!state.arch) state.arch = arch;
}

// On a terminal a lone thread's lines have no pid. The first pid that no remark announced is
// the thread's that had none before.
void StraceReader::name_first_thread(std::uint32_t pid) {
  if (threads_.contains(pid)) return;
  auto first = threads_.extract(0);
  if (first.empty()) return;
  first.key() = pid;
  threads_.insert(std::move(first));
}

void StraceReader::switch_mode(const StraceLine& line, std::vector<Call>& to) {
  name_first_thread(line.subject);
  markers_seen_ = true;
  Thread& of = thread(line.subject, to);
  switch (line.mode) {
    case StraceLine::Mode::Bits64: of.arch = arch_64_bit_of(options_.arch); return;
    case StraceLine::Mode::Bits32: of.arch = arch_32_bit_of(options_.arch); return;
    case StraceLine::Mode::X32: of.arch = Arch::x32; return;
  }
}

void StraceReader::refused(Thread& of, seccomp::Action action) {
  // A handler's own death by the signal comes after the trap.
  if (of.done && !of.done->recorded) of.done->recorded = action;
}

void StraceReader::end(std::uint32_t pid, std::vector<Call>& to) {
  const auto found = threads_.find(pid);
  if (found == threads_.end()) return;
  hand_out(found->second, to);
  // A call that never returned was made all the same. Of an execve another thread tells.
  if (found->second.open && found->second.open->name == "execve") return;
  if (found->second.open) {
    complete(found->second, *found->second.open, pid, "");
    hand_out(found->second, to);
  }
  threads_.erase(pid);
}

void StraceReader::hand_out(Thread& of, std::vector<Call>& to) {
  if (!of.done) return;
  to.push_back(std::move(*of.done));
  of.done.reset();
}

void StraceReader::finish(std::vector<Call>& to) {
  const std::size_t before = to.size();
  for (auto& [pid, state] : threads_) {
    hand_out(state, to);
    if (!state.open) continue;
    complete(state, *state.open, pid, "");
    hand_out(state, to);
  }
  threads_.clear();
  std::sort(to.begin() + static_cast<std::ptrdiff_t>(before), to.end(),
            [](const Call& a, const Call& b) { return a.line < b.line; });
}

}  // namespace assay::trace
