// What calls cost: instructions executed, of all filters together, from the least to the most
// over all arguments; and which calls run no filter at all.
#include <algorithm>

#include "assay/names/syscalls.hpp"
#include "assay/report/plot.hpp"
#include "report/markup.hpp"
#include "report/sections.hpp"

namespace assay::report {
namespace {

struct CallCost {
  std::uint32_t nr = 0;
  std::string_view name;
  cost::Bounds bounds;
  bool bitmap = false;
};

std::vector<CallCost> calls_of(const Cost& cost, seccomp::Arch arch) {
  std::vector<CallCost> calls;
  if (!cost.filters) return calls;
  const std::uint32_t audit = seccomp::describe(arch).audit;
  for (const std::string_view name : names::all_syscall_names(arch)) {
    const auto nr = names::syscall_number(arch, name);
    if (!nr || names::syscall_name(arch, *nr) != name) continue;
    calls.push_back(
        {*nr, name, cost.filters->call(audit, *nr), cost.bitmap.place(audit, *nr).inside()});
  }
  return calls;
}

Series series(const std::string& name, const std::vector<CallCost>& calls,
              std::optional<bool> bitmap) {
  Series series{name, Mark::Spans, {}};
  for (const CallCost& call : calls) {
    if (bitmap && *bitmap != call.bitmap) continue;
    Point point{.x = static_cast<double>(call.nr),
                .y = static_cast<double>(call.bounds.worst.instructions)};
    point.label = call.name;
    if (call.bounds.best.instructions != call.bounds.worst.instructions)
      point.low = static_cast<double>(call.bounds.best.instructions);
    series.points.push_back(std::move(point));
  }
  return series;
}

std::string plural(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// The dearest calls, with the input that shows it.
std::string dearest(std::vector<CallCost> calls) {
  constexpr std::size_t most = 5;
  std::erase_if(calls, [](const CallCost& call) { return call.bitmap; });
  std::stable_sort(calls.begin(), calls.end(), [](const CallCost& a, const CallCost& b) {
    return a.bounds.worst.instructions > b.bounds.worst.instructions;
  });
  calls.resize(std::min(calls.size(), most));
  std::string text;
  for (const CallCost& call : calls)
    text += "<li><code>" + escaped(call.name) + "</code> " +
            plural(call.bounds.worst.instructions, "instruction") + " " +
            try_button(call.bounds.worst.witness) + "</li>\n";
  return text.empty() ? "" : "<ul class=\"dearest\">\n" + text + "</ul>\n";
}

std::string words(const Facts& facts, std::size_t subject, const std::vector<CallCost>& calls) {
  const std::string lead = facts.subjects.size() > 1 ? side(facts, subject) + " " : "";
  if (calls.empty()) return "<p class=\"note\">" + lead + "Not decided within the budget.</p>\n";
  const auto inside = static_cast<std::size_t>(
      std::count_if(calls.begin(), calls.end(), [](const CallCost& call) { return call.bitmap; }));
  const cost::Bounds all = facts.costs[subject].filters->everywhere();
  return "<p>" + lead + "At least " + std::to_string(all.best.instructions) + ", at most " +
         plural(all.worst.instructions, "instruction") + ". Of " + std::to_string(calls.size()) +
         " calls " + std::to_string(inside) +
         " are in the kernel's bitmap of constant answers and run no filter. The dearest of the "
         "others:</p>\n" +
         dearest(calls);
}

Plot empty_plot(const std::string& token) {
  Plot plot;
  plot.title = "Instructions for each call of " + token;
  plot.description =
      "From the least to the most over all arguments; the table of the policy has "
      "the same numbers";
  plot.x.title = "system call number";
  plot.y.title = "instructions";
  return plot;
}

}  // namespace

std::string cost_html(const Cost& cost, std::uint32_t arch, std::uint32_t nr) {
  if (!cost.filters) return {};
  const cost::Bounds bounds = cost.filters->call(arch, nr);
  std::string text = std::to_string(bounds.best.instructions);
  if (bounds.best.instructions != bounds.worst.instructions)
    text += "\xe2\x80\x93" + std::to_string(bounds.worst.instructions);
  if (cost.bitmap.place(arch, nr).inside()) text += " <span class=\"bitmap\">bitmap</span>";
  return text;
}

std::string costs(const Facts& facts) {
  const seccomp::Arch machine = facts.options.semantics.machine;
  Plot plot = empty_plot(std::string(seccomp::describe(machine).token));
  std::string text;
  for (std::size_t i = 0; i < facts.subjects.size(); ++i) {
    const std::vector<CallCost> calls = calls_of(facts.costs[i], machine);
    text += words(facts, i, calls);
    if (facts.subjects.size() > 1) {
      plot.series.push_back(series(i == 0 ? "A" : "B", calls, std::nullopt));
    } else {
      plot.series.push_back(series("runs the filters", calls, false));
      plot.series.push_back(series("in the bitmap", calls, true));
    }
  }
  return "<section id=\"cost\"><h2>Cost</h2>\n" + text + "<figure>" +
         to_svg(plot, {.width = 960, .height = 300}) + "</figure></section>\n";
}

}  // namespace assay::report
