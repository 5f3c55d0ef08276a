#include "assay/trace/replay.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "assay/names/syscalls.hpp"
#include "trace/abi.hpp"

namespace assay::trace {
namespace {

using seccomp::SeccompData;
using seccomp::Verdict;

std::uint64_t key_of(std::uint32_t arch, std::uint32_t nr) {
  return std::uint64_t{arch} << 32 | nr;
}

void append(std::u32string& key, std::uint64_t value) {
  key += static_cast<char32_t>(value >> 32);
  key += static_cast<char32_t>(value);
}

bool is_kill(seccomp::Action action) {
  return action == seccomp::Action::KillProcess || action == seccomp::Action::KillThread;
}

bool by_line(const Row& a, const Row& b) { return a.call.line < b.call.line; }

}  // namespace

// Numbers are as many as a hostile recording has; those above the limit share a slot.
Replay::Slot& Replay::slot(std::uint64_t key) {
  Near& at = near(key);
  if (at.slot != nullptr && at.key == key) return *at.slot;
  settle(at);
  Slot* found = &rest_;
  if (slots_.size() < row_limit || slots_.contains(key)) found = &slots_[key];
  at = {};
  at.key = key;
  at.slot = found;
  return *found;
}

void Replay::settle(Near& near) {
  if (near.again == 0) return;
  near.slot->count += near.again;
  *near.cell += near.again;
  if (near.row != nullptr) near.row->count += near.again;
  near.again = 0;
}

const Judgement& Replay::take(const Call& call) {
  const Judgement& judgement = judge_.judge(call);
  tally(call, judgement);
  return judgement;
}

void Replay::tally(const Call& call, const Judgement& judgement) {
  calls_ += call.count;
  certainty_[static_cast<std::size_t>(judgement.certainty)] += call.count;
  if (call.arch_assumed) arch_assumed_ += call.count;
  const bool open = judgement.certainty == Certainty::Open;
  if (!open) counts_[judgement.verdict.value] += call.count;
  Slot& of = slot(trace::key_of(call.data.arch, call.data.nr));
  if (call.name.empty()) of.count += call.count;
  if (open || !runs(judgement.verdict, semantics_)) add_row(of, call, judgement);
  if (call.recorded) compare_with_recorded(call, judgement);
}

// The bits on which the verdict depends, and how far they are known.
std::u32string Replay::key_of(const Call& call, const Judgement& judgement) const {
  std::u32string key(1, static_cast<char32_t>(judgement.verdict.value));
  key += static_cast<char32_t>(judgement.certainty);
  const SeccompData& support = judge_.support(call.data.arch, call.data.nr);
  if (!judge_.knows_function()) return key;
  for (std::size_t i = 0; i < support.args.size(); ++i) {
    if (support.args[i] == 0) continue;
    append(key, call.data.args[i] & support.args[i]);
    append(key, (call.known.args[i] | call.assumed.args[i]) & support.args[i]);
  }
  for (const char c : call.name) key += static_cast<char32_t>(static_cast<unsigned char>(c));
  return key;
}

Row* Replay::add_row(Slot& slot, const Call& call, const Judgement& judgement) {
  auto key = key_of(call, judgement);
  auto found = slot.rows.find(key);
  if (found == slot.rows.end()) {
    if (rows_ >= row_limit || &slot == &rest_) {
      without_row_ += call.count;
      return nullptr;
    }
    ++rows_;
    found = slot.rows.emplace(std::move(key), Row{call, judgement, 0}).first;
  }
  found->second.count += call.count;
  return &found->second;
}

void Replay::compare_with_recorded(const Call& call, const Judgement& judgement) {
  const seccomp::Action recorded = *call.recorded;
  const seccomp::Action now = judgement.verdict.action(semantics_);
  const bool same = recorded == now || (is_kill(recorded) && is_kill(now));
  if (same || judgement.certainty != Certainty::Certain) return;
  constexpr std::size_t shown = 16;
  contradicted_ += call.count;
  if (contradictions_.size() < shown) contradictions_.push_back({call, judgement, call.count});
}

void Replay::take(std::span<const SeccompData> records, std::size_t first) {
  std::array<std::uint32_t, 1024> values;
  while (!records.empty()) {
    const auto block = records.first(std::min(values.size(), records.size()));
    judge_.run(block, std::span(values).first(block.size()));
    for (std::size_t i = 0; i < block.size(); ++i) take_value(block[i], values[i], first + i);
    calls_ += block.size();
    certainty_[static_cast<std::size_t>(Certainty::Certain)] += block.size();
    first += block.size();
    records = records.subspan(block.size());
  }
  for (Near& near : near_) settle(near);
}

// Most records do as the last one of their number did.
inline void Replay::take_value(const SeccompData& record, std::uint32_t value, std::size_t line) {
  const std::uint64_t key = trace::key_of(record.arch, record.nr);
  Near& at = near(key);
  if (at.key == key && at.value == value) [[likely]] {
    ++at.again;
  } else {
    take_first(record, value, line);
  }
}

void Replay::take_first(const SeccompData& record, std::uint32_t value, std::size_t line) {
  const std::uint64_t key = trace::key_of(record.arch, record.nr);
  Slot& of = slot(key);
  Near& at = near(key);
  settle(at);
  ++of.count;
  const Verdict verdict = Verdict{value}.normalised(semantics_);
  at.cell = &counts_[verdict.value];
  ++*at.cell;
  const bool refused = !runs(verdict, semantics_);
  at.row =
      refused ? add_row(of, call_of(record, line), {verdict, Certainty::Certain, {}, {}}) : nullptr;
  // Where arguments decide, refused calls are told apart each time.
  const bool share_row =
      !refused || (at.row != nullptr && judge_.support(record.arch, record.nr) == no_arguments);
  at.value = share_row ? value : Near::no_value;
}

std::vector<Replay::VerdictCount> Replay::counts() const {
  std::vector<VerdictCount> result;
  for (const auto& [value, count] : counts_) result.push_back({Verdict{value}, count});
  std::stable_sort(result.begin(), result.end(), [&](const auto& a, const auto& b) {
    return overrides(a.verdict, b.verdict, semantics_);
  });
  return result;
}

std::vector<Row> Replay::rows(bool open) const {
  std::vector<Row> result;
  for (const auto& [key, slot] : slots_)
    for (const auto& [row_key, row] : slot.rows)
      if ((row.judgement.certainty == Certainty::Open) == open) result.push_back(row);
  std::sort(result.begin(), result.end(), by_line);
  return result;
}

std::vector<Unused> Replay::unused() const {
  std::set<seccomp::Arch> seen;
  for (const auto& [key, slot] : slots_) {
    if (slot.count == 0) continue;
    const auto abi = abi_of(static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key));
    if (abi) seen.insert(*abi);
  }
  std::vector<Unused> result;
  for (const seccomp::Arch abi : seen) {
    Unused unused{abi, {}};
    const std::uint32_t audit = seccomp::describe(abi).audit;
    for (const std::string_view name : names::all_syscall_names(abi)) {
      const auto nr = names::syscall_number(abi, name);
      const auto slot = slots_.find(trace::key_of(audit, *nr));
      const bool used = slot != slots_.end() && slot->second.count > 0;
      if (!used && judge_.may_run(audit, *nr)) unused.numbers.push_back(*nr);
    }
    std::sort(unused.numbers.begin(), unused.numbers.end());
    if (!unused.numbers.empty()) result.push_back(std::move(unused));
  }
  return result;
}

}  // namespace assay::trace
