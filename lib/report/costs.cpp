// What calls cost: instructions executed for each, of all filters together.
#include <algorithm>

#include "assay/engine/filter_stack.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/report/plot.hpp"
#include "assay/verify/bitmap.hpp"
#include "report/markup.hpp"
#include "report/sections.hpp"

namespace assay::report {
namespace {

constexpr std::size_t most_work = 40'000'000;  // instructions times calls

struct CallCost {
  std::uint32_t nr = 0;
  std::string name;
  std::uint32_t insns = 0;
  bool bitmap = false;
};

std::vector<CallCost> costs_of(const audit::Target& target, seccomp::Arch arch,
                               const PageOptions& options) {
  std::vector<CallCost> costs;
  std::vector<verify::Program> programs;
  std::size_t size = 0;
  for (const audit::Filter& filter : target.filters) {
    programs.push_back(filter.program);
    size += filter.program.size();
  }
  const std::vector<std::string_view> names(names::all_syscall_names(arch).begin(),
                                            names::all_syscall_names(arch).end());
  if (size * names.size() > most_work) return costs;
  const engine::FilterStack stack(programs, options.semantics);
  const std::uint32_t audit = seccomp::describe(arch).audit;
  for (const std::string_view name : names) {
    const auto nr = names::syscall_number(arch, name);
    if (!nr || names::syscall_name(arch, *nr) != name) continue;
    seccomp::Words words{};
    words[0] = *nr;
    words[1] = audit;
    const bool bitmap = options.semantics.constant_bitmap &&
                        std::all_of(programs.begin(), programs.end(), [&](const auto& program) {
                          return verify::bitmap_answer(program, *nr, audit).answer ==
                                 verify::BitmapAnswer::Constant;
                        });
    costs.push_back({*nr, std::string(name), stack.examine(words).instructions, bitmap});
  }
  return costs;
}

Series series(const std::string& name, const std::vector<CallCost>& costs) {
  Series series{name, Mark::Points, {}};
  for (const CallCost& cost : costs)
    series.points.push_back({.x = static_cast<double>(cost.nr),
                             .y = static_cast<double>(cost.insns),
                             .label = cost.name + (cost.bitmap ? " (in the bitmap)" : "")});
  return series;
}

}  // namespace

std::string costs(const Facts& facts) {
  const seccomp::Arch machine = facts.options.semantics.machine;
  const std::string token(seccomp::describe(machine).token);
  Plot plot;
  plot.title = "Instructions for each call of " + token + ", all arguments 0";
  plot.description = "The listing has the same numbers one by one";
  plot.x.title = "system call number";
  plot.y.title = "instructions";
  std::string words;
  for (std::size_t i = 0; i < facts.subjects.size(); ++i) {
    const std::vector<CallCost> found = costs_of(facts.subjects[i].target, machine, facts.options);
    if (found.empty()) continue;
    plot.series.push_back(series(facts.subjects.size() == 1 ? "" : i == 0 ? "A" : "B", found));
    const auto bitmap =
        std::count_if(found.begin(), found.end(), [](const CallCost& cost) { return cost.bitmap; });
    words += "<p>" + side(facts, i) + " " + std::to_string(bitmap) + " of " +
             std::to_string(found.size()) + " calls of " + token +
             " are in the kernel's bitmap of constant answers and run no filter at all.</p>\n";
  }
  std::string text = "<section id=\"cost\"><h2>Cost</h2>\n";
  if (plot.series.empty())
    return text +
           "<p class=\"note\">More than is worth counting here; see "
           "<code>assay cost</code>.</p></section>\n";
  return text + words + "<figure>" + to_svg(plot, {.width = 960, .height = 300}) +
         "</figure></section>\n";
}

}  // namespace assay::report
