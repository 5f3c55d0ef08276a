#include "assay/text/verdict_set.hpp"

#include <algorithm>
#include <optional>

#include "assay/names/nearest.hpp"
#include "assay/text/printable.hpp"
#include "assay/text/verdict.hpp"

namespace assay::text {
namespace {

using seccomp::Action;
using seccomp::Semantics;
using seccomp::Verdict;
using symbolic::VerdictRange;

// One of the words between commas.
struct Wanted {
  Action action{};
  std::optional<std::uint32_t> value;  // with these data; of an unknown action all 32 bits
};

std::vector<std::string_view> action_names() {
  std::vector<std::string_view> names;
  for (const seccomp::ActionInfo& row : seccomp::actions) names.push_back(row.name);
  names.emplace_back("UNKNOWN");
  return names;
}

std::optional<Action> find_action(std::string_view name) {
  if (name == "UNKNOWN") return Action::Unknown;
  for (const seccomp::ActionInfo& row : seccomp::actions)
    if (row.name == name) return row.action;
  return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

tl::expected<Wanted, std::string> parse_one(std::string_view word, const Semantics& semantics) {
  if (const auto action = find_action(word)) return Wanted{*action, std::nullopt};
  const auto verdict = parse_verdict(word);
  if (verdict) return Wanted{verdict->action(semantics), verdict->value};
  const auto known = action_names();
  const auto near = names::nearest(word.substr(0, word.find('(')), known);
  return tl::unexpected("found '" + printable(word, 80) + "', expected " +
                        verdict.error().expected +
                        (near ? "; did you mean '" + std::string(*near) + "'?" : ""));
}

// The values of one upper half that are wanted.
std::optional<VerdictRange> among(std::uint32_t upper, const Wanted& wanted,
                                  const Semantics& semantics) {
  if (Verdict{upper}.action(semantics) != wanted.action) return std::nullopt;
  const VerdictRange all{upper, upper | seccomp::data_mask};
  if (!wanted.value) return all;
  if (wanted.action == Action::Unknown) {
    if ((*wanted.value & seccomp::action_mask) != upper) return std::nullopt;
    return VerdictRange{*wanted.value, *wanted.value};
  }
  const std::uint32_t data = *wanted.value & seccomp::data_mask;
  const bool capped =
      wanted.action == Action::Errno && semantics.errno_capped && data == seccomp::max_errno;
  return VerdictRange{upper | data, capped ? all.last : upper | data};
}

std::vector<VerdictRange> ranges_of(const std::vector<Wanted>& wanted, const Semantics& semantics) {
  std::vector<VerdictRange> ranges;
  for (std::uint32_t half = 0; half <= seccomp::data_mask; ++half) {
    for (const Wanted& one : wanted) {
      const auto range = among(half << 16, one, semantics);
      if (!range) continue;
      if (!ranges.empty() && ranges.back().last + 1 == range->first) {
        ranges.back().last = range->last;
      } else {
        ranges.push_back(*range);
      }
    }
  }
  return ranges;
}

}  // namespace

bool VerdictSet::contains(Verdict verdict, const Semantics& semantics) const {
  const std::uint32_t value =
      precision == symbolic::Precision::Exact ? verdict.value : verdict.normalised(semantics).value;
  return std::any_of(ranges.begin(), ranges.end(), [&](const VerdictRange& range) {
    return range.first <= value && value <= range.last;
  });
}

tl::expected<VerdictSet, std::string> parse_verdicts(std::string_view text,
                                                     const Semantics& semantics) {
  std::vector<Wanted> wanted;
  VerdictSet set;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const auto one = parse_one(trimmed(text.substr(at, end - at)), semantics);
    if (!one) return tl::unexpected(one.error());
    if (one->action == Action::Unknown) set.precision = symbolic::Precision::Exact;
    wanted.push_back(*one);
    at = end + 1;
  }
  set.ranges = ranges_of(wanted, semantics);
  return set;
}

}  // namespace assay::text
