#include "budget_options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "assay/load/input.hpp"
#include "assay/smt/solver.hpp"

namespace assay::tool {
namespace {

using symbolic::Budget;
using symbolic::GaveUp;
using symbolic::Limit;

constexpr unsigned most_nodes = 1U << 30;
constexpr unsigned most_seconds = 86'400;

// Seconds, with a fraction if need be.
tl::expected<std::chrono::milliseconds, ExitStatus> read_time(const CommandLine& line) {
  const std::string found = line.text("time-limit");
  double seconds = 0;
  const char* const end = found.data() + found.size();
  const auto [last, error] = std::from_chars(found.data(), end, seconds, std::chars_format::fixed);
  if (error == std::errc{} && last == end && seconds >= 0.001 && seconds <= most_seconds)
    return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
  return tl::unexpected(line.usage("option '--time-limit': found '" + load::printable(found, 80) +
                                   "', expected seconds from 0.001 to " +
                                   std::to_string(most_seconds)));
}

std::string_view name(GaveUp gave_up) {
  switch (gave_up) {
    case GaveUp::Time: return "time";
    case GaveUp::Memory: return "memory";
    case GaveUp::Unconfirmed: return "unconfirmed";
    case GaveUp::Failed: return "failed";
  }
  return "";
}

std::string_view sentence(GaveUp gave_up) {
  switch (gave_up) {
    case GaveUp::Time: return "the solver ran out of time";
    case GaveUp::Memory: return "the solver ran out of memory";
    case GaveUp::Unconfirmed: return "the solver's answer was not confirmed";
    case GaveUp::Failed: return "the solver failed";
  }
  return "";
}

std::string seconds(std::chrono::milliseconds time) {
  std::string text = std::to_string(static_cast<double>(time.count()) / 1000);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// "and 812, choice 90 (40 remembered)": what was called, most first.
std::string busiest(const symbolic::Counters& counters) {
  std::array<std::size_t, symbolic::work_names.size()> order{};
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return counters.calls[a] > counters.calls[b];
  });
  std::string text;
  for (const std::size_t i : order) {
    if (counters.calls[i] == 0) continue;
    text += ", " + std::string(symbolic::work_names[i]) + " " + std::to_string(counters.calls[i]);
    if (counters.remembered[i] > 0)
      text += " (" + std::to_string(counters.remembered[i]) + " remembered)";
  }
  return text;
}

}  // namespace

void add_budget_options(CommandLine& line) {
  line.add({{"node-limit", OptionKind::Text, "N",
             "how many nodes of 24 bytes the proof may use; the default is 2097152"},
            {"time-limit", OptionKind::Text, "S",
             "how many seconds the proof may take, and the solver that is asked after it again; "
             "the default is 10"}});
}

tl::expected<Budget, ExitStatus> read_budget(const CommandLine& line) {
  Budget budget;
  const auto nodes = line.number("node-limit", 1, most_nodes, static_cast<unsigned>(budget.nodes));
  if (!nodes) return tl::unexpected(nodes.error());
  budget.nodes = *nodes;
  if (!line.has("time-limit")) return budget;
  const auto time = read_time(line);
  if (!time) return tl::unexpected(time.error());
  budget.time = *time;
  return budget;
}

symbolic::DeciderFactory decider(const Budget& budget) {
  smt::Limits limits;
  limits.time = budget.time;
  return smt::solver(limits);
}

Json counters_json(const symbolic::Unanswered& open) {
  const symbolic::Counters& counters = open.diagrams.counters;
  Json calls = Json::object();
  Json remembered = Json::object();
  for (std::size_t i = 0; i < symbolic::work_names.size(); ++i) {
    calls[std::string(symbolic::work_names[i])] = counters.calls[i];
    remembered[std::string(symbolic::work_names[i])] = counters.remembered[i];
  }
  // Limit::None: it was decided, and has no short form.
  constexpr std::array<std::string_view, 3> limits{"form", "nodes", "time"};
  return Json{{"limit", limits[static_cast<std::size_t>(open.diagrams.limit)]},
              {"nodes", counters.nodes},
              {"calls", calls},
              {"remembered", remembered},
              {"solver", open.decider ? Json(name(*open.decider)) : Json()}};
}

ExitStatus undecided(std::string_view subject, const symbolic::Unanswered& open,
                     const Budget& budget) {
  const bool time = open.diagrams.limit == Limit::Time;
  std::string text = load::printable(subject) + ": not decided within ";
  text += time ? seconds(budget.time) + " s" : std::to_string(budget.nodes) + " nodes";
  text += " (" + std::to_string(open.diagrams.counters.nodes) + " nodes made" +
          busiest(open.diagrams.counters) + ")";
  if (open.decider) text += ", and " + std::string(sentence(*open.decider));
  text += time || open.decider == GaveUp::Time ? "; --time-limit raises that"
                                               : "; --node-limit raises that";
  complain(text);
  return not_decided;
}

}  // namespace assay::tool
