#include <algorithm>

#include "assay/report/plot.hpp"
#include "cost_study.hpp"

namespace assay::tool {
namespace {

using report::Mark;
using report::Plot;
using report::Point;
using report::Series;

constexpr std::size_t most_calls = 40;

// Most frequent or dearest, as many as can be read.
std::vector<cost::CallRow> shown(const CostStudy& study) {
  std::vector<cost::CallRow> rows = study.rows;
  if (!study.recording) {
    const seccomp::Arch first = rows.empty() ? seccomp::Arch::x86_64 : rows.front().arch;
    std::erase_if(rows, [&](const cost::CallRow& row) { return row.arch != first; });
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
      return a.bounds.worst.instructions > b.bounds.worst.instructions;
    });
  }
  if (rows.size() > most_calls) rows.erase(rows.begin() + most_calls, rows.end());
  return rows;
}

void add(Series& series, std::size_t place, const cost::Bounds& bounds, const std::string& name) {
  Point point;
  point.x = static_cast<double>(place);
  point.y = bounds.worst.instructions;
  point.low = bounds.best.instructions;
  point.label = name;
  series.points.push_back(point);
}

void add(Series& series, std::size_t filters, const kernel::Timing& timing) {
  if (timing.not_timed != kernel::NotTimed::None) return;
  Point point;
  point.x = static_cast<double>(filters);
  point.y = timing.added.median;
  point.low = timing.added.low;
  point.high = timing.added.high;
  series.points.push_back(point);
}

}  // namespace

std::string plot_of_calls(const CostStudy& study) {
  Plot plot;
  plot.title = "Instructions executed by call";
  plot.description =
      "From the best to the worst case of each call; calls in the kernel's bitmap run no filter.";
  plot.x.title = study.recording ? "the most frequent calls" : "the dearest calls";
  plot.y.title = "instructions";
  Series run{"runs the filters", Mark::Spans, {}};
  Series free{"in the bitmap, if it were not", Mark::Spans, {}};
  Series after{"after the cheapest change", Mark::Points, {}};
  std::optional<cost::FilterCost> cheaper;
  if (study.candidates && !study.candidates->empty()) {
    const verify::Program& program = study.candidates->front().program;
    if (auto cost = cost::FilterCost::of(std::span(&program, 1))) cheaper = std::move(*cost);
  }
  const auto rows = shown(study);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    plot.x.categories.push_back(rows[i].name);
    add(rows[i].place.inside() ? free : run, i, rows[i].bounds, rows[i].name);
    if (!cheaper) continue;
    Point point;
    point.x = static_cast<double>(i);
    point.y = cheaper->call(describe(rows[i].arch).audit, rows[i].nr).worst.instructions;
    point.label = rows[i].name;
    after.points.push_back(point);
  }
  for (Series* const series : {&run, &free, &after})
    if (!series->points.empty()) plot.series.push_back(std::move(*series));
  report::PlotStyle style;
  style.standalone = true;
  return to_svg(plot, style);
}

std::string plot_of_depth(const cost::Measured& measured) {
  Plot plot;
  plot.title = "What a chain of copies adds to getppid";
  plot.description =
      "Nanoseconds added to a call, over the number of filters: measured, and the "
      "model fitted to other filters.";
  plot.x.title = "filters";
  plot.y.title = "added";
  plot.y.unit = "ns";
  Series as_is{"as it is", Mark::Points, {}};
  Series run{"with the bitmap excluded", Mark::Points, {}};
  Series model{"model", Mark::Line, {}};
  for (const cost::MeasuredDepth& depth : measured.depths) {
    add(as_is, depth.filters, depth.timing);
    add(run, depth.filters, depth.run);
    if (!depth.model || depth.run.not_timed != kernel::NotTimed::None) continue;
    Point point;
    point.x = static_cast<double>(depth.filters);
    point.y = *depth.model;
    model.points.push_back(point);
  }
  for (Series* const series : {&as_is, &run, &model})
    if (!series->points.empty()) plot.series.push_back(std::move(*series));
  report::PlotStyle style;
  style.standalone = true;
  return to_svg(plot, style);
}

}  // namespace assay::tool
