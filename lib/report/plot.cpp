#include "assay/report/plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string_view>

#include "report/embedded.hpp"
#include "report/markup.hpp"

namespace assay::report {
namespace {

constexpr double left = 64;
constexpr double right = 20;
constexpr double above = 56;
constexpr double below = 52;
constexpr std::size_t looks = 6;  // of series, in plot.css
constexpr std::size_t most_categories = 40;

struct Range {
  double first = std::numeric_limits<double>::infinity();
  double last = -std::numeric_limits<double>::infinity();

  bool empty() const { return first > last; }
  void take(double value) {
    first = std::min(first, value);
    last = std::max(last, value);
  }
};

bool fits(double value, Scale scale) {
  return std::isfinite(value) && (scale == Scale::Linear || value > 0);
}

bool drawn(const Point& point, const Plot& plot) {
  const auto end_fits = [&](const std::optional<double>& end) {
    return !end || fits(*end, plot.y.scale);
  };
  return fits(point.x, plot.x.scale) && fits(point.y, plot.y.scale) && end_fits(point.low) &&
         end_fits(point.high);
}

// Of all that is drawn: x, y.
std::array<Range, 2> extents(const Plot& plot) {
  std::array<Range, 2> ranges;
  for (const Series& series : plot.series)
    for (const Point& point : series.points) {
      if (!drawn(point, plot)) continue;
      ranges[0].take(point.x);
      for (const double y : {point.y, point.low.value_or(point.y), point.high.value_or(point.y)})
        ranges[1].take(y);
      if (series.mark == Mark::Bars && plot.y.scale == Scale::Linear) ranges[1].take(0);
    }
  return ranges;
}

// 1, 2 or 5 times a power of ten, about `span / wanted`.
double step_for(double span, double wanted) {
  const double power = std::pow(10, std::floor(std::log10(span / wanted)));
  for (const double step : {1.0, 2.0, 5.0})
    if (span / (step * power) <= wanted) return step * power;
  return 10 * power;
}

// An axis on the paper: where a value stands, and which values are written.
class Ruler {
 public:
  // Tight: it ends where the values do, not at a tick.
  Ruler(const Axis& axis, Range range, double from, double to, bool tight = false)
      : log_(axis.scale == Scale::Log), from_(from), to_(to) {
    if (range.empty()) range = log_ ? Range{1, 10} : Range{0, 1};
    if (log_) {
      choose_decades(range);
    } else {
      choose_steps(range, axis.from_zero);
    }
    if (tight && !log_ && range.last > first_) cut_at(range.last);
  }

  double operator()(double value) const {
    const double place = log_ ? std::log10(value) : value;
    return from_ + (place - first_) / (last_ - first_) * (to_ - from_);
  }
  const std::vector<double>& ticks() const { return ticks_; }
  double origin() const { return log_ ? from_ : (*this)(std::clamp(0.0, first_, last_)); }

 private:
  void cut_at(double last) {
    last_ = last;
    while (ticks_.back() > last) ticks_.pop_back();
  }

  void choose_decades(const Range& range) {
    first_ = std::floor(std::log10(range.first));
    last_ = std::max(std::ceil(std::log10(range.last)), first_ + 1);
    const bool few = last_ - first_ < 3;
    for (double decade = first_; decade <= last_; ++decade)
      for (const double digit : {1.0, 2.0, 5.0})
        if ((few || digit == 1) && (decade < last_ || digit == 1))
          ticks_.push_back(digit * std::pow(10, decade));
  }

  void choose_steps(Range range, bool from_zero) {
    if (from_zero) range.take(0);
    if (range.first == range.last) range.last = range.first + std::max(1.0, std::abs(range.first));
    constexpr double wanted = 6;
    const double step = step_for(range.last - range.first, wanted);
    first_ = std::floor(range.first / step) * step;
    last_ = std::ceil(range.last / step) * step;
    const auto count = static_cast<int>(std::round((last_ - first_) / step));
    for (int i = 0; i <= count; ++i) ticks_.push_back(first_ + i * step);
  }

  bool log_;
  double from_;
  double to_;
  double first_ = 0;
  double last_ = 1;
  std::vector<double> ticks_;
};

std::string number(double value) {
  std::array<char, 32> text;  // NOLINT: snprintf fills it
  std::snprintf(text.data(), text.size(), "%.6g", value + 0.0);
  return text.data();
}

std::string with_unit(double value, const Axis& axis) {
  return number(value) + (axis.unit.empty() ? "" : " " + axis.unit);
}

std::string heading(const Axis& axis) {
  if (axis.unit.empty()) return axis.title;
  return axis.title.empty() ? axis.unit : axis.title + ", " + axis.unit;
}

std::string line(std::string_view look, double x1, double y1, double x2, double y2) {
  return "<line class=\"" + std::string(look) + "\" x1=\"" + pixels(x1) + "\" y1=\"" + pixels(y1) +
         "\" x2=\"" + pixels(x2) + "\" y2=\"" + pixels(y2) + "\"/>";
}

std::string words(std::string_view look, double x, double y, std::string_view text) {
  return "<text class=\"" + std::string(look) + "\" x=\"" + pixels(x) + "\" y=\"" + pixels(y) +
         "\">" + escaped(text) + "</text>";
}

class Drawing {
 public:
  Drawing(const Plot& plot, const PlotStyle& style)
      : plot_(plot),
        width_(std::max(style.width, 240U)),
        height_(std::max(style.height, 160U)),
        extents_(extents(plot)),
        x_(plot.x, x_range(), left, width_ - right, true),
        y_(plot.y, extents_[1], height_ - below, above) {}

  std::string body() const {
    std::string text = words("plot-title", left, 18, plot_.title);
    text += legend();
    text += words("plot-axis", left, above - 10, shortened(heading(plot_.y), 80));
    text += rules() + (plot_.x.categories.empty() ? steps() : categories());
    text += words("plot-axis plot-end", width_ - right, height_ - 10, heading(plot_.x));
    for (std::size_t at = 0; at < plot_.series.size(); ++at) text += group(at);
    return text;
  }

 private:
  Range x_range() const {
    if (plot_.x.categories.empty()) return extents_[0];
    return {-0.5, static_cast<double>(plot_.x.categories.size()) - 0.5};
  }

  double category_x(double index) const {
    const double count = static_cast<double>(plot_.x.categories.size());
    return left + (index + 0.5) / count * (width_ - right - left);
  }
  double place(double x) const { return plot_.x.categories.empty() ? x_(x) : category_x(x); }

  std::string rules() const {
    std::string text;
    for (const double tick : y_.ticks()) {
      text += line("plot-rule", left, y_(tick), width_ - right, y_(tick));
      text += words("plot-tick plot-end", left - 8, y_(tick) + 4, number(tick));
    }
    return text + line("plot-base", left, y_.origin(), width_ - right, y_.origin());
  }

  std::string steps() const {
    std::string text;
    for (const double tick : x_.ticks())
      text += words("plot-tick plot-middle", x_(tick), height_ - below + 18, number(tick));
    return text;
  }

  std::string categories() const {
    const std::size_t count = plot_.x.categories.size();
    const std::size_t every = count / most_categories + 1;
    const double room =
        (width_ - right - left) / static_cast<double>(count) * static_cast<double>(every) / 7;
    const auto characters = static_cast<std::size_t>(std::max(2.0, room));
    std::string text;
    for (std::size_t i = 0; i < count; i += every)
      text += words("plot-tick plot-middle", category_x(static_cast<double>(i)),
                    height_ - below + 18, shortened(plot_.x.categories[i], characters));
    return text;
  }

  std::string legend() const {
    std::string text;
    if (plot_.series.size() < 2) return text;
    double x = width_ - right;
    for (std::size_t i = plot_.series.size(); i-- > 0;) {
      const std::string name = shortened(plot_.series[i].name, 24);
      x -= 7.2 * static_cast<double>(name.size()) + 26;
      text += "<g class=\"" + look(i) + "\">" + symbol(i, x, above - 14) +
              words("plot-key", x + 10, above - 10, name) + "</g>";
    }
    return text;
  }

  static std::string look(std::size_t series) {
    return "plot-series plot-" + std::to_string(series % looks + 1);
  }

  // A shape of its own for each series, so that colour is not needed to tell them apart.
  static std::string symbol(std::size_t series, double x, double y, double size = 1) {
    const auto polygon = [&](std::initializer_list<std::pair<double, double>> corners) {
      std::string text = "<polygon points=\"";
      for (const auto& [dx, dy] : corners)
        text += pixels(x + dx * size) + "," + pixels(y + dy * size) + " ";
      text.back() = '"';
      return text + "/>";
    };
    switch (series % looks) {
      case 1: return polygon({{-4, -4}, {4, -4}, {4, 4}, {-4, 4}});
      case 2: return polygon({{0, -5}, {5, 4}, {-5, 4}});
      case 3: return polygon({{0, -5}, {5, 0}, {0, 5}, {-5, 0}});
      case 4: return polygon({{-5, -4}, {5, -4}, {0, 5}});
      case 5: return polygon({{-5, -2}, {5, -2}, {5, 2}, {-5, 2}});
      default: break;
    }
    return "<circle cx=\"" + pixels(x) + "\" cy=\"" + pixels(y) + "\" r=\"" + pixels(4 * size) +
           "\"/>";
  }

  // Many points are small ones.
  static double size_in(const Series& series) { return series.points.size() > 100 ? 0.5 : 1; }

  std::string group(std::size_t at) const {
    const Series& series = plot_.series[at];
    std::string text = "<g class=\"" + look(at) + "\">";
    if (series.mark == Mark::Line) text += path(series);
    for (const Point& point : series.points)
      if (drawn(point, plot_)) text += mark(at, point);
    return text + "</g>";
  }

  std::string path(const Series& series) const {
    std::string text;
    bool pen_down = false;
    for (const Point& point : series.points) {
      if (!drawn(point, plot_)) {
        pen_down = false;
        continue;
      }
      text += (pen_down ? "L" : "M") + pixels(place(point.x)) + " " + pixels(y_(point.y));
      pen_down = true;
    }
    return "<path class=\"plot-line\" d=\"" + text + "\"/>";
  }

  std::string told(const Series& series, const Point& point) const {
    std::string text = point.label;
    const auto index = static_cast<std::size_t>(std::max(0.0, point.x));
    if (text.empty() && index < plot_.x.categories.size()) text = plot_.x.categories[index];
    if (text.empty()) text = with_unit(point.x, plot_.x);
    text += ": ";
    if (plot_.series.size() > 1) text += series.name + " ";
    if (point.low) text += number(*point.low) + " to ";
    text += with_unit(point.high && series.mark != Mark::Spans ? *point.high : point.y, plot_.y);
    return "<title>" + escaped(text) + "</title>";
  }

  std::string mark(std::size_t at, const Point& point) const {
    const Series& series = plot_.series[at];
    std::string text = "<g>" + told(series, point);
    switch (series.mark) {
      case Mark::Bars: text += bar(at, point); break;
      case Mark::Spans:
        text += line("plot-span", place(point.x), y_(point.low.value_or(point.y)), place(point.x),
                     y_(point.y)) +
                symbol(at, place(point.x), y_(point.y), 0.5);
        break;
      case Mark::Line:
      case Mark::Points:
        if (point.low || point.high)
          text += line("plot-span", place(point.x), y_(point.low.value_or(point.y)), place(point.x),
                       y_(point.high.value_or(point.y)));
        text += symbol(at, place(point.x), y_(point.y), size_in(series));
        break;
    }
    return text + "</g>";
  }

  std::string bar(std::size_t at, const Point& point) const {
    const auto is_bars = [](const Series& series) { return series.mark == Mark::Bars; };
    const auto begin = plot_.series.begin();
    const auto before = std::count_if(begin, begin + static_cast<std::ptrdiff_t>(at), is_bars);
    const auto all = std::count_if(begin, plot_.series.end(), is_bars);
    const double room = bar_room() * 0.8;
    const double width = std::clamp(room / static_cast<double>(all), 1.0, 64.0);
    const double x =
        place(point.x) - width * static_cast<double>(all) / 2 + width * static_cast<double>(before);
    const double top = std::min(y_(point.y), y_.origin());
    const double size = std::abs(y_(point.y) - y_.origin());
    return "<rect x=\"" + pixels(x) + "\" y=\"" + pixels(top) + "\" width=\"" +
           pixels(std::max(width - 1, 1.0)) + "\" height=\"" + pixels(size) + "\"/>";
  }

  // The width that one bar's place has.
  double bar_room() const {
    const double width = width_ - left - right;
    if (!plot_.x.categories.empty()) return width / static_cast<double>(plot_.x.categories.size());
    std::size_t most = 1;
    for (const Series& series : plot_.series) most = std::max(most, series.points.size());
    return width / static_cast<double>(most);
  }

  const Plot& plot_;
  double width_;
  double height_;
  std::array<Range, 2> extents_;
  Ruler x_;
  Ruler y_;
};

}  // namespace

std::string to_svg(const Plot& plot, const PlotStyle& style) {
  const std::string width = std::to_string(std::max(style.width, 240U));
  const std::string height = std::to_string(std::max(style.height, 160U));
  std::string text = "<svg class=\"plot\" role=\"img\" ";
  if (style.standalone) text += "xmlns=\"http://www.w3.org/2000/svg\" ";
  text += "viewBox=\"0 0 " + width + " " + height + "\" width=\"" + width + "\" height=\"" +
          height + "\" aria-label=\"" +
          escaped(plot.title + (plot.description.empty() ? "" : ". " + plot.description)) + "\">";
  if (style.standalone) text += "<style>" + std::string(plot_style) + "</style>";
  return text + Drawing(plot, style).body() + "</svg>\n";
}

}  // namespace assay::report
