#include "assay/trace/judge.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>

#include "assay/compiled/compiled_filter.hpp"
#include "assay/seccomp/arch.hpp"
#include "assay/symbolic/verdict_function.hpp"
#include "trace/plain_function.hpp"

namespace assay::trace {
namespace {

using seccomp::SeccompData;
using seccomp::Verdict;
using seccomp::Words;
using symbolic::Condition;
using symbolic::VerdictFunction;

constexpr std::size_t most_remembered = 65536;

constexpr std::size_t low_word(std::size_t argument) { return 4 + 2 * argument; }

Words both(const Words& a, const Words& b) {
  Words result{};
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = a[i] | b[i];
  return result;
}

// The strongest of several, which nobody who reads it can be let down by.
Verdict strongest_of(const std::vector<Verdict>& verdicts, const seccomp::Semantics& semantics) {
  return seccomp::strongest(verdicts, semantics).normalised(semantics);
}

// What one call number means: everything about it that is asked again and again.
struct Entry {
  Words support{};  // with arch, and the number where it is known, fixed
  SeccompData support_data{};
  std::vector<std::size_t> words;  // of which support has bits
  std::optional<Verdict> constant;
  std::vector<Verdict> verdicts;
  std::unordered_map<std::u32string, Judgement> judgements;
};

struct EntryKey {
  std::uint32_t arch;
  std::optional<std::uint32_t> nr;
  std::uint8_t nonzero;  // arguments known to be not 0, and no more
  friend auto operator<=>(const EntryKey&, const EntryKey&) = default;
};

}  // namespace

struct Judge::State {
  seccomp::Semantics semantics;
  std::optional<compiled::CompiledFilter> engine;
  std::unique_ptr<symbolic::Manager> own_manager;
  std::optional<VerdictFunction> function;
  std::array<std::optional<PlainFunction>, 64> plain;  // by Call::nonzero
  std::array<bool, 64> tried{};
  std::map<EntryKey, Entry> entries;
  std::size_t remembered = 0;
  Judgement scratch;

  const PlainFunction* function_given(std::uint8_t nonzero) {
    if (!function) return nullptr;
    if (!tried[nonzero]) {
      tried[nonzero] = true;
      plain[nonzero] = PlainFunction::of(*function, given(nonzero));
    }
    return plain[nonzero] ? &*plain[nonzero] : nullptr;
  }

  Condition given(std::uint8_t nonzero) const {
    symbolic::Manager& manager = function->manager();
    Condition condition = Condition::always(manager);
    for (std::size_t i = 0; i < 6; ++i) {
      if ((nonzero >> i & 1) == 0) continue;
      const auto word = [&](std::size_t at) { return symbolic::Term::word(manager, at); };
      const auto both_words = symbolic::Term::joined(word(low_word(i)), word(low_word(i) + 1));
      condition = condition & compare(both_words, symbolic::Comparison::NotEqual, 0);
    }
    return condition;
  }

  Entry& entry(const EntryKey& key, const PlainFunction& of) {
    const auto known = entries.find(key);
    if (known != entries.end()) return known->second;
    if (entries.size() >= most_remembered) entries.clear();
    PartialInput input;
    input.words = {key.nr.value_or(0), key.arch};
    input.known = {key.nr ? ~0U : 0U, ~0U};
    Entry entry;
    auto answer = of.ask(input);
    entry.verdicts = std::move(answer.possible);
    if (entry.verdicts.size() == 1)
      entry.constant = entry.verdicts.front();
    else
      entry.support = answer.support;
    entry.support_data = seccomp::from_words(entry.support, seccomp::byte_order(key.arch));
    for (std::size_t i = 0; i < entry.support.size(); ++i)
      if (entry.support[i] != 0) entry.words.push_back(i);
    return entries.emplace(key, std::move(entry)).first->second;
  }

  // Arguments of which nothing is known but that they are not 0, where that may matter.
  static std::uint8_t bare_nonzero(const Call& call, const Entry& entry) {
    std::uint8_t result = 0;
    for (std::size_t i = 0; i < 6; ++i) {
      const bool asked = entry.support_data.args[i] != 0;
      const bool bare = (call.nonzero >> i & 1) != 0 && call.known.args[i] == 0;
      if (asked && bare) result |= static_cast<std::uint8_t>(1U << i);
    }
    return result;
  }

  const Judgement& judge_partial(const Call& call, const PlainFunction& plain_function) {
    const bool numbered = call.known.nr == ~0U;
    EntryKey key{call.data.arch, numbered ? std::optional(call.data.nr) : std::nullopt, 0};
    const PlainFunction* of = &plain_function;
    Entry* found = &entry(key, *of);
    key.nonzero = found->constant ? std::uint8_t{0} : bare_nonzero(call, *found);
    if (key.nonzero != 0) {
      const PlainFunction* const narrower = function_given(key.nonzero);
      if (narrower != nullptr) {
        of = narrower;
        found = &entry(key, *of);
      }
    }
    if (!found->constant) return remembered_judgement(call, *of, *found);
    scratch = {*found->constant, Certainty::Certain, {}, {}};
    return scratch;
  }

  const Judgement& remembered_judgement(const Call& call, const PlainFunction& of, Entry& entry) {
    const std::endian order = seccomp::byte_order(call.data.arch);
    const Words data = words(call.data, order);
    const Words known = words(call.known, order);
    const Words assumed = words(call.assumed, order);
    std::u32string key;
    for (const std::size_t i : entry.words) {
      key += static_cast<char32_t>(data[i] & entry.support[i]);
      key += static_cast<char32_t>(known[i] & entry.support[i]);
      key += static_cast<char32_t>(assumed[i] & entry.support[i]);
    }
    const auto met = entry.judgements.find(key);
    if (met != entry.judgements.end()) return met->second;
    if (++remembered > most_remembered) {
      for (auto& [other, one] : entries) one.judgements.clear();
      remembered = 1;
    }
    return entry.judgements.emplace(key, decide({data, known}, assumed, of, order)).first->second;
  }

  Judgement decide(const PartialInput& input, const Words& assumed, const PlainFunction& of,
                   std::endian order) const {
    Judgement judgement;
    auto certain = of.ask(input);
    if (certain.possible.size() == 1) {
      judgement.verdict = certain.possible.front();
      return judgement;
    }
    const auto usual = of.ask({input.words, both(input.known, assumed)});
    const bool one = usual.possible.size() == 1;
    judgement.certainty = one ? Certainty::Assumed : Certainty::Open;
    judgement.verdict = one ? usual.possible.front() : strongest_of(usual.possible, semantics);
    judgement.possible = std::move(certain.possible);
    judgement.decisive = seccomp::from_words(one ? certain.support : usual.support, order);
    return judgement;
  }

  // Without the function: what is not known is 0, and may matter.
  const Judgement& judge_blindly(const Call& call) {
    if (!engine) {
      scratch = {{}, Certainty::Open, {}, every_bit};
      return scratch;
    }
    const Verdict verdict{engine->run(call.data)};
    scratch = {verdict.normalised(semantics), Certainty::Assumed, {}, {}};
    scratch.decisive.nr = ~call.known.nr;
    for (std::size_t i = 0; i < 6; ++i) scratch.decisive.args[i] = ~call.known.args[i];
    scratch.decisive.instruction_pointer = ~call.known.instruction_pointer;
    return scratch;
  }
};

Judge::Judge(std::span<const verify::Program> oldest_first, const seccomp::Semantics& semantics,
             const symbolic::Budget& budget)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.semantics = semantics;
  state.own_manager =
      std::make_unique<symbolic::Manager>(symbolic::Order::for_programs(oldest_first), budget);
  auto function = VerdictFunction::of_stack(*state.own_manager, oldest_first, semantics);
  if (function) state.function = *function;
  // What these limits did not allow is not tried again.
  constexpr symbolic::Budget none{1, std::chrono::milliseconds(1)};
  if (function)
    state.engine.emplace(*function);
  else
    state.engine.emplace(oldest_first, semantics, none);
}

Judge::Judge(const VerdictFunction& function) : state_(std::make_unique<State>()) {
  state_->function = function;
}

Judge::~Judge() = default;
Judge::Judge(Judge&&) noexcept = default;
Judge& Judge::operator=(Judge&&) noexcept = default;

const Judgement& Judge::judge(const Call& call) {
  State& state = *state_;
  if (state.engine && call.complete()) {
    state.scratch = {Verdict{state.engine->run(call.data)}.normalised(state.semantics),
                     Certainty::Certain,
                     {},
                     {}};
    return state.scratch;
  }
  if (const PlainFunction* const of = state.function_given(0))
    return state.judge_partial(call, *of);
  return state.judge_blindly(call);
}

void Judge::run(std::span<const SeccompData> records, std::span<std::uint32_t> values) const {
  state_->engine->run(records, values);
}

bool Judge::knows_function() const { return state_->function_given(0) != nullptr; }

const SeccompData& Judge::support(std::uint32_t arch, std::uint32_t nr) {
  static constexpr SeccompData everything = every_bit;
  const PlainFunction* const of = state_->function_given(0);
  return of == nullptr ? everything : state_->entry({arch, nr, 0}, *of).support_data;
}

bool Judge::may_run(std::uint32_t arch, std::uint32_t nr) {
  const PlainFunction* const of = state_->function_given(0);
  if (of == nullptr) return true;
  const auto& verdicts = state_->entry({arch, nr, 0}, *of).verdicts;
  return std::any_of(verdicts.begin(), verdicts.end(),
                     [&](Verdict verdict) { return runs(verdict, state_->semantics); });
}

bool runs(Verdict verdict, const seccomp::Semantics& semantics) {
  const seccomp::Action action = verdict.action(semantics);
  return action == seccomp::Action::Allow || action == seccomp::Action::Log;
}

}  // namespace assay::trace
