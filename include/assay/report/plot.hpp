// Plots as SVG: numbers in, one <svg> element out.
//
//   Plot plot{.title = "Cost per call", .x = {.title = "system call"}, .y = {.unit = "ns"}};
//   plot.series.push_back({"worst case", Mark::Spans, {{.x = 0, .y = 11, .low = 7}}});
//   write(to_svg(plot, {.standalone = true}));
//
// Colours follow the reader's light or dark theme; every series also has a shape or dash of its
// own. Any text may be hostile. What is not finite is left out. The same plot gives the same
// bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace assay::report {

enum class Scale : std::uint8_t { Linear, Log };

struct Axis {
  std::string title{};
  std::string unit{};  // behind the title, and in what a mark says when pointed at
  Scale scale = Scale::Linear;
  bool from_zero = true;                  // Linear: whether 0 is always in sight
  std::vector<std::string> categories{};  // x alone: point x = i stands above categories[i]
};

enum class Mark : std::uint8_t {
  Line,
  Points,
  Bars,   // from 0; series with bars share the place of a category
  Spans,  // from low to y
};

struct Point {
  double x = 0;
  double y = 0;
  std::optional<double> low{};  // Spans; Line and Points: the lower end of an error bar to high
  std::optional<double> high{};
  std::string label{};  // what it is: "openat"
};

struct Series {
  std::string name{};
  Mark mark = Mark::Line;
  std::vector<Point> points{};
};

struct Plot {
  std::string title{};
  std::string description{};  // what the plot shows, for who cannot see it
  Axis x{};
  Axis y{};
  std::vector<Series> series{};
};

struct PlotStyle {
  unsigned width = 760;
  unsigned height = 320;
  bool standalone = false;  // a file of its own: with namespace and colours
};

std::string to_svg(const Plot& plot, const PlotStyle& style = {});

}  // namespace assay::report
