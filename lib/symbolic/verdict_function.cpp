#include "assay/symbolic/verdict_function.hpp"

#include <algorithm>
#include <cassert>
#include <unordered_map>

#include "assay/seccomp/arch.hpp"
#include "assay/seccomp/special.hpp"
#include "symbolic/meaning.hpp"
#include "symbolic/memo.hpp"

namespace assay::symbolic {

using seccomp::Action;
using seccomp::Semantics;
using seccomp::Verdict;
using verify::Program;

namespace {

ValueEdge root_of(const VerdictFunction& function) { return handle(function.root()); }

VerdictFunction::Decided decided(Manager& manager, ValueEdge root) {
  if (manager.exhausted()) return tl::unexpected(manager.not_decided());
  return VerdictFunction(manager, root.index());
}

}  // namespace

VerdictFunction::Decided VerdictFunction::of(Manager& manager, const Program& program,
                                             const Semantics& semantics, Precision precision) {
  const Kept kept = precision == Precision::Exact ? Kept::Everything : Kept::Meaning;
  return decided(manager, meaning_of(manager, program, semantics, kept));
}

VerdictFunction::Decided VerdictFunction::of_stack(Manager& manager,
                                                   std::span<const Program> oldest_first,
                                                   const Semantics& semantics,
                                                   Precision precision) {
  if (oldest_first.size() == 1) return of(manager, oldest_first.front(), semantics, precision);
  const Kept kept = precision == Precision::Exact ? Kept::Everything : Kept::ForStack;
  ValueDiagram& values = manager.values();
  ValueEdge root = values.leaf(value_of(Action::Allow));
  // Newest first, as the kernel asks them: on a tie what is there stays.
  for (std::size_t i = oldest_first.size(); i-- > 0 && !manager.exhausted();) {
    const ValueEdge older = meaning_of(manager, oldest_first[i], semantics, kept);
    root = values.combined(root, older, [&](std::uint32_t current, std::uint32_t candidate) {
      return overrides({candidate}, {current}, semantics) ? candidate : current;
    });
  }
  if (precision == Precision::Exact) return decided(manager, root);
  return decided(manager, values.mapped(root, [&](std::uint32_t value) {
    return Verdict{value}.normalised(semantics).value;
  }));
}

VerdictFunction::Decided VerdictFunction::of_stack(Manager& manager,
                                                   std::span<const VerdictFunction> oldest_first,
                                                   const Semantics& semantics) {
  ValueDiagram& values = manager.values();
  ValueEdge root = values.leaf(value_of(Action::Allow));
  for (std::size_t i = oldest_first.size(); i-- > 0 && !manager.exhausted();) {
    assert(&oldest_first[i].manager() == &manager);
    root = values.combined(
        root, root_of(oldest_first[i]), [&](std::uint32_t current, std::uint32_t candidate) {
          return overrides({candidate}, {current}, semantics) ? candidate : current;
        });
  }
  return decided(manager, root);
}

VerdictFunction::Decided VerdictFunction::strict(Manager& manager, const Semantics& semantics) {
  constexpr std::uint32_t highest = 1023;  // above every number that any list names
  const Term arch = Term::word(manager, 1);
  const Term nr = Term::word(manager, 0);
  std::vector<Case> cases;
  for (const seccomp::Arch token : {seccomp::Arch::x86_64, seccomp::Arch::x86}) {
    const std::uint32_t audit = describe(token).audit;
    for (std::uint32_t number = 0; number <= highest; ++number) {
      if (strict_verdict({number, audit, 0, {}}, semantics) != seccomp::StrictVerdict::Runs)
        continue;
      cases.emplace_back(
          compare(arch, Comparison::Equal, audit) & compare(nr, Comparison::Equal, number),
          Verdict{value_of(Action::Allow)});
    }
  }
  return of_cases(manager, cases, {value_of(Action::KillThread)});
}

VerdictFunction::Decided VerdictFunction::of_cases(Manager& manager, std::span<const Case> cases,
                                                   Verdict otherwise) {
  ValueDiagram& values = manager.values();
  // The first case that holds decides: the last one is laid down first.
  ValueEdge root = values.leaf(otherwise.value);
  for (std::size_t i = cases.size(); i-- > 0;) {
    const auto& [condition, verdict] = cases[i];
    assert(&condition.manager() == &manager);
    root = values.choice(condition.edge(), values.leaf(verdict.value), root);
  }
  return decided(manager, root);
}

Verdict VerdictFunction::at(const seccomp::Words& words) const {
  const ValueDiagram& values = manager_->values();
  ValueEdge at = handle(root_);
  while (!values.is_leaf(at)) {
    const InputBit bit = manager_->order().at(values.level(at));
    at = (words[bit.word] >> bit.bit & 1) != 0 ? values.high(at) : values.low(at);
  }
  return {values.value(at)};
}

std::vector<Verdict> VerdictFunction::verdicts() const {
  std::vector<Verdict> result;
  for (const std::uint32_t value : manager_->values().values(handle(root_)))
    result.push_back({value});
  return result;
}

Condition VerdictFunction::where(Verdict verdict) const {
  return where([&](Verdict other) { return other == verdict; });
}

Condition VerdictFunction::where(const std::function<bool(Verdict)>& accepted) const {
  return {*manager_, manager_->values().where(
                         handle(root_), [&](std::uint32_t value) { return accepted({value}); })};
}

Condition VerdictFunction::differs(const VerdictFunction& other) const {
  assert(manager_ == other.manager_);
  return {*manager_, manager_->values().differ(handle(root_), root_of(other))};
}

VerdictFunction VerdictFunction::with_word(std::size_t word, std::uint32_t value) const {
  ValueEdge result = handle(root_);
  // The highest bit stands on top: each step then ends at the root where the word comes first.
  for (std::size_t bit = 32; bit-- > 0;)
    result = manager_->values().restrict(result, manager_->order().level(word, bit),
                                         (value >> bit & 1) != 0);
  return {*manager_, result.index()};
}

std::optional<Verdict> VerdictFunction::constant() const {
  const ValueDiagram& values = manager_->values();
  if (!values.is_leaf(handle(root_))) return std::nullopt;
  return Verdict{values.value(handle(root_))};
}

namespace {

// Halves the values of a word until what is left does not depend on the word.
class Grouping {
 public:
  Grouping(Manager& manager, std::size_t word, std::size_t most)
      : manager_(manager), word_(word), most_(most), depends_(manager.diagram()) {
    for (std::size_t bit = 0; bit < 32; ++bit) {
      const std::uint32_t level = manager.order().level(word, bit);
      if (levels_.size() <= level) levels_.resize(level + 1);
      levels_[level] = true;
    }
  }

  bool add(ValueEdge f, std::size_t bits, std::uint32_t base) {
    if (manager_.exhausted()) return false;
    if (bits == 0 || !depends(f)) {
      const std::uint32_t last = base + static_cast<std::uint32_t>((std::uint64_t{1} << bits) - 1);
      append(f, {base, last});
      return ranges_ <= most_;
    }
    const std::uint32_t level = manager_.order().level(word_, bits - 1);
    ValueDiagram& values = manager_.values();
    const std::uint32_t middle = base + (1U << (bits - 1));
    return add(values.restrict(f, level, false), bits - 1, base) &&
           add(values.restrict(f, level, true), bits - 1, middle);
  }

  std::vector<VerdictFunction::Group> groups() && { return std::move(groups_); }

 private:
  void append(ValueEdge f, Condition::Range range) {
    const auto [at, fresh] = place_.try_emplace(f.index(), groups_.size());
    if (fresh) groups_.push_back({{}, VerdictFunction(manager_, f.index())});
    std::vector<Condition::Range>& ranges = groups_[at->second].values;
    if (!ranges.empty() && ranges.back().last + 1 == range.first) {
      ranges.back().last = range.last;
    } else {
      ranges.push_back(range);
      ++ranges_;
    }
  }

  bool depends(ValueEdge f) {
    const ValueDiagram& values = manager_.values();
    if (values.is_leaf(f)) return false;
    const std::uint32_t level = values.level(f);
    if (level >= levels_.size()) return false;
    if (levels_[level]) return true;
    if (const bool* known = depends_.find(f.index())) return *known;
    const bool result = depends(values.low(f)) || depends(values.high(f));
    return depends_.put(f.index(), result);
  }

  Manager& manager_;
  std::size_t word_;
  std::size_t most_;
  std::size_t ranges_ = 0;
  std::vector<bool> levels_;
  Memo<std::uint32_t, bool> depends_;
  std::unordered_map<std::uint32_t, std::size_t> place_;
  std::vector<VerdictFunction::Group> groups_;
};

}  // namespace

std::optional<std::vector<VerdictFunction::Group>> VerdictFunction::groups_of(
    std::size_t word, std::size_t most) const {
  Grouping grouping(*manager_, word, most);
  if (!grouping.add(handle(root_), 32, 0)) return std::nullopt;
  return std::move(grouping).groups();
}

}  // namespace assay::symbolic
