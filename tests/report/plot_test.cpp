#include "assay/report/plot.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "pattern.hpp"

namespace assay::report {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

Plot cost_plot() {
  Plot plot;
  plot.title = "Cost per call";
  plot.description = "Instructions that each call takes";
  plot.x.title = "system call";
  plot.y = {.title = "cost", .unit = "instructions"};
  plot.series.push_back(
      {"filter", Mark::Spans, {{.x = 0, .y = 12, .low = 7, .label = "read"}, {.x = 1, .y = 9}}});
  return plot;
}

// What stands at an axis, as numbers.
std::vector<double> ticks(const std::string& svg, const std::string& look) {
  std::vector<double> values;
  const test::Pattern tick("class=\"plot-tick " + look + "\"[^>]*>([^<]*)<");
  for (const test::Match& match : tick.all(svg)) values.push_back(std::stod(match[1]));
  return values;
}

TEST(Plot, IsAnImageWithANameForThoseWhoCannotSeeIt) {
  const std::string svg = to_svg(cost_plot());
  EXPECT_NE(svg.find("role=\"img\""), std::string::npos);
  EXPECT_NE(svg.find("aria-label=\"Cost per call. Instructions that each call takes\""),
            std::string::npos);
}

TEST(Plot, MarksSayWhatTheyAre) {
  const std::string svg = to_svg(cost_plot());
  EXPECT_NE(svg.find("<title>read: 7 to 12 instructions</title>"), std::string::npos);
  EXPECT_NE(svg.find("<title>1: 9 instructions</title>"), std::string::npos);
}

TEST(Plot, OfAPageHasNoColoursOfItsOwnAndAFileHas) {
  EXPECT_EQ(to_svg(cost_plot()).find("<style>"), std::string::npos);
  const std::string file = to_svg(cost_plot(), {.standalone = true});
  EXPECT_NE(file.find("<style>"), std::string::npos);
  EXPECT_NE(file.find("prefers-color-scheme: dark"), std::string::npos);
  EXPECT_NE(file.find("xmlns="), std::string::npos);
}

TEST(Plot, TicksAreRoundNumbersThatSpanTheValues) {
  for (const double top : {0.003, 1.0, 7.0, 12.0, 99.0, 1234.0, 3.2e9}) {
    Plot plot;
    plot.series.push_back({"", Mark::Line, {{.x = 0, .y = top}, {.x = 1, .y = top / 3}}});
    const std::vector<double> values = ticks(to_svg(plot), "plot-end");
    ASSERT_GE(values.size(), 3U) << top;
    EXPECT_LE(values.size(), 8U) << top;
    EXPECT_EQ(values.front(), 0) << top;
    EXPECT_GE(values.back(), top * (1 - 1e-9));
    EXPECT_NEAR(values[1] - values[0], values[2] - values[1], 1e-9 * values.back());
  }
}

TEST(Plot, AxisNeedNotReachZero) {
  Plot plot;
  plot.y.from_zero = false;
  plot.series.push_back({"", Mark::Points, {{.x = 0, .y = 1000}, {.x = 1, .y = 1010}}});
  const std::vector<double> values = ticks(to_svg(plot), "plot-end");
  EXPECT_EQ(values.front(), 1000);
  EXPECT_EQ(values.back(), 1010);
}

TEST(Plot, LogarithmicAxisHasDecadesAndLeavesOutWhatItCannotShow) {
  Plot plot;
  plot.y.scale = Scale::Log;
  plot.series.push_back(
      {"", Mark::Points, {{.x = 0, .y = 3}, {.x = 1, .y = 40000}, {.x = 2, .y = 0}}});
  const std::string svg = to_svg(plot);
  EXPECT_EQ(ticks(svg, "plot-end"), (std::vector<double>{1, 10, 100, 1000, 10000, 100000}));
  EXPECT_EQ(count(svg, "<circle"), 2U);
}

TEST(Plot, LeavesOutWhatIsNotFinite) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  Plot plot;
  plot.series.push_back({"",
                         Mark::Points,
                         {{.x = 0, .y = NAN},
                          {.x = infinite, .y = 1},
                          {.x = 1, .y = 2, .low = -infinite},
                          {.x = 1, .y = 2}}});
  const std::string svg = to_svg(plot);
  EXPECT_EQ(count(svg, "<circle"), 1U);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST(Plot, WithoutPointsHasAxesAndNothingElse) {
  const std::string svg = to_svg(Plot{});
  EXPECT_NE(svg.find("plot-rule"), std::string::npos);
  EXPECT_EQ(count(svg, "<circle"), 0U);
}

TEST(Plot, BarsOfOneCategoryStandSideBySide) {
  Plot plot;
  plot.x.categories = {"ALLOW", "ERRNO"};
  plot.series = {{"before", Mark::Bars, {{.x = 0, .y = 4}, {.x = 1, .y = 8}}},
                 {"after", Mark::Bars, {{.x = 0, .y = 2}, {.x = 1, .y = 8}}}};
  const std::string svg = to_svg(plot);
  const test::Pattern bar(
      "<rect x=\"([0-9.]+)\" y=\"([0-9.]+)\" width=\"([0-9.]+)\" height=\"([0-9.]+)\"");
  std::vector<std::array<double, 4>> bars;
  for (const test::Match& match : bar.all(svg))
    bars.push_back(
        {std::stod(match[1]), std::stod(match[2]), std::stod(match[3]), std::stod(match[4])});
  ASSERT_EQ(bars.size(), 4U);
  EXPECT_LE(bars[0][0] + bars[0][2], bars[2][0]) << "before, then after";
  EXPECT_LT(bars[2][0], bars[1][0]) << "both in front of the next category";
  EXPECT_NEAR(bars[0][3], 2 * bars[2][3], 0.2);
  EXPECT_NEAR(bars[1][3], bars[3][3], 0.2);
  EXPECT_NE(svg.find("<title>ALLOW: before 4</title>"), std::string::npos);
}

TEST(Plot, SeriesDifferInShapeAndAreNamed) {
  Plot plot;
  plot.series = {{"one", Mark::Points, {{.x = 0, .y = 1}}},
                 {"two", Mark::Points, {{.x = 0, .y = 2}}}};
  const std::string svg = to_svg(plot);
  EXPECT_EQ(count(svg, "<circle"), 2U) << "the mark and the key";
  EXPECT_EQ(count(svg, "<polygon"), 2U);
  EXPECT_NE(svg.find(">one</text>"), std::string::npos);
}

TEST(Plot, ErrorBarsReachFromLowToHigh) {
  Plot plot;
  plot.series = {{"", Mark::Line, {{.x = 0, .y = 5, .low = 4, .high = 7}}}};
  const std::string svg = to_svg(plot);
  EXPECT_EQ(count(svg, "plot-span"), 1U);
  EXPECT_NE(svg.find("<title>0: 4 to 7</title>"), std::string::npos);
}

TEST(Plot, HostileTextStaysText) {
  Plot plot = cost_plot();
  plot.title = "</svg><script>alert(1)</script>";
  plot.y.title = "\x1b[31m<b>";
  plot.series[0].name = "\"><script>";
  plot.series[0].points[0].label = "<img src=x onerror='alert(1)'>\xff";
  plot.series.push_back({"<i>", Mark::Line, {}});
  for (const bool standalone : {false, true}) {
    const std::string svg = to_svg(plot, {.standalone = standalone});
    EXPECT_EQ(svg.find("<script"), std::string::npos);
    EXPECT_EQ(svg.find("<img"), std::string::npos);
    EXPECT_EQ(svg.find("<b>"), std::string::npos);
    EXPECT_EQ(svg.find('\x1b'), std::string::npos);
    EXPECT_EQ(svg.find('\xff'), std::string::npos);
    EXPECT_EQ(count(svg, "</svg>"), 1U);
  }
}

TEST(Plot, IsTheSameEachTime) { EXPECT_EQ(to_svg(cost_plot()), to_svg(cost_plot())); }

}  // namespace
}  // namespace assay::report
