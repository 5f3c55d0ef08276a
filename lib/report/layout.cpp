#include "report/layout.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "report/child.hpp"
#include "report/markup.hpp"

namespace assay::report {
namespace {

using Json = nlohmann::json;

constexpr double margin = 12;
constexpr std::size_t most_boxes = 700;  // past these dot has no chance within its time
constexpr std::size_t most_links = 2500;

std::string cell(const std::string& port, double width, double height) {
  return "<TR><TD PORT=\"" + port + "\" FIXEDSIZE=\"TRUE\" WIDTH=\"" + pixels(width) +
         "\" HEIGHT=\"" + pixels(height) + "\"></TD></TR>";
}

// A pixel is a point, so that the boxes have the size on paper that they have here.
std::string question(const std::vector<Box>& boxes, const std::vector<Link>& links) {
  std::string text =
      "digraph { graph [rankdir=LR nodesep=0.22 ranksep=0.75]; node [shape=plain]; "
      "edge [arrowhead=none];\n";
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Box& box = boxes[i];
    text += "n" + std::to_string(i) +
            " [label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"0\">" +
            cell("h", box.width, box.head);
    for (std::size_t row = 0; row < box.rows; ++row)
      text += cell("r" + std::to_string(row), box.width, box.row);
    text += "</TABLE>>];\n";
  }
  for (std::size_t i = 0; i < links.size(); ++i)
    text += "n" + std::to_string(links[i].from) + ":r" + std::to_string(links[i].row) + ":e -> n" +
            std::to_string(links[i].to) + ":h:w [id=e" + std::to_string(i) + "];\n";
  return text + "}\n";
}

std::vector<double> numbers_in(std::string_view text) {
  std::vector<double> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    double value = 0;
    const auto read = std::from_chars(at, end, value);
    if (read.ec == std::errc{}) numbers.push_back(value);
    at = read.ec == std::errc{} ? read.ptr : at + 1;
  }
  return numbers;
}

std::string text_at(const Json& object, const char* key) {
  const bool there = object.is_object() && object.contains(key) && object[key].is_string();
  return there ? object[key].get<std::string>() : std::string();
}

Json list_at(const Json& object, const char* key) {
  const bool there = object.contains(key) && object[key].is_array();
  return there ? object[key] : Json::array();
}

// "n12", "e7".
std::size_t index_of(const Json& object, const char* key) {
  std::size_t index = std::numeric_limits<std::size_t>::max();
  const std::string name = text_at(object, key);
  if (name.size() > 1) std::from_chars(name.data() + 1, name.data() + name.size(), index);
  return index;
}

// dot counts upwards from the lower left corner.
std::optional<Layout> answer(const std::string& text, const std::vector<Box>& boxes,
                             const std::vector<Link>& links) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return {};
  const std::vector<double> bounds = numbers_in(text_at(json, "bb"));
  if (bounds.size() != 4) return {};
  Layout layout{bounds[2] + 2 * margin, bounds[3] + 2 * margin, {}, {}, {}};
  const auto place = [&](double x, double y) { return Place{x + margin, bounds[3] - y + margin}; };
  layout.boxes.resize(boxes.size());
  layout.links.resize(links.size());
  std::size_t placed = 0;
  for (const Json& object : list_at(json, "objects")) {
    const std::size_t at = index_of(object, "name");
    const std::vector<double> middle = numbers_in(text_at(object, "pos"));
    if (at >= boxes.size() || middle.size() != 2) return {};
    layout.boxes[at] = place(middle[0] - boxes[at].width / 2, middle[1] + boxes[at].height() / 2);
    ++placed;
  }
  for (const Json& edge : list_at(json, "edges")) {
    const std::size_t at = index_of(edge, "id");
    const std::vector<double> points = numbers_in(text_at(edge, "pos"));
    if (at >= links.size() || points.size() < 8 || points.size() % 6 != 2) return {};
    for (std::size_t i = 0; i < points.size(); i += 2)
      layout.links[at].push_back(place(points[i], points[i + 1]));
  }
  const auto missing = [](const std::vector<Place>& link) { return link.empty(); };
  if (placed != boxes.size() || std::any_of(layout.links.begin(), layout.links.end(), missing))
    return {};
  return layout;
}

std::string reason(ChildFailure failure, std::chrono::milliseconds time) {
  switch (failure) {
    case ChildFailure::Missing: return "Graphviz (dot) is not installed";
    case ChildFailure::TooSlow:
      return "Graphviz took more than " + pixels(static_cast<double>(time.count()) / 1000) +
             " seconds and was stopped";
    case ChildFailure::TooMuch: return "Graphviz wrote too much and was stopped";
    default: return "Graphviz failed";
  }
}

Layout plain_because(const std::string& why, const std::vector<Box>& boxes,
                     const std::vector<Link>& links) {
  Layout layout = plain_layout(boxes, links);
  layout.note = why + ": this is a plain layout, in columns by distance from the entry.";
  return layout;
}

}  // namespace

Layout lay_out(const std::vector<Box>& boxes, const std::vector<Link>& links,
               const DrawingOptions& options) {
  if (boxes.size() > most_boxes || links.size() > most_links)
    return plain_because("More than Graphviz lays out in time", boxes, links);
  if (options.dot.empty()) return plain_because("Graphviz was not asked", boxes, links);
  ChildLimits limits;
  limits.time = options.time;
  const auto output = run_child({options.dot, "-Tjson0"}, question(boxes, links), limits);
  if (!output) return plain_because(reason(output.error(), options.time), boxes, links);
  auto layout = answer(*output, boxes, links);
  if (!layout) return plain_because("Graphviz's answer was not understood", boxes, links);
  return std::move(*layout);
}

Layout plain_layout(const std::vector<Box>& boxes, const std::vector<Link>& links) {
  constexpr double between_columns = 90;
  constexpr double between_boxes = 18;
  std::vector<std::size_t> column(boxes.size());
  std::vector<std::vector<std::size_t>> leaving(boxes.size());
  for (const Link& link : links) leaving[link.from].push_back(link.to);
  for (std::size_t i = 0; i < boxes.size(); ++i)
    for (const std::size_t to : leaving[i]) column[to] = std::max(column[to], column[i] + 1);

  Layout layout;
  std::vector<double> next;  // free height of each column
  std::vector<double> widths;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    next.resize(std::max(next.size(), column[i] + 1), margin);
    widths.resize(next.size());
    widths[column[i]] = std::max(widths[column[i]], boxes[i].width);
    layout.boxes.push_back({0, next[column[i]]});
    next[column[i]] += boxes[i].height() + between_boxes;
  }
  std::vector<double> left;
  double x = margin;
  for (const double width : widths) {
    left.push_back(x);
    x += width + between_columns;
  }
  for (std::size_t i = 0; i < boxes.size(); ++i) layout.boxes[i].x = left[column[i]];
  layout.width = boxes.empty() ? 0 : x - between_columns + margin;
  for (const double height : next) layout.height = std::max(layout.height, height + margin);
  for (const Link& link : links) {
    const Box& box = boxes[link.from];
    const Place from{
        layout.boxes[link.from].x + box.width,
        layout.boxes[link.from].y + box.head + box.row * (static_cast<double>(link.row) + 0.5)};
    const Place to{layout.boxes[link.to].x, layout.boxes[link.to].y + boxes[link.to].head / 2};
    const double bend = between_columns * 0.55;
    layout.links.push_back({from, {from.x + bend, from.y}, {to.x - bend, to.y}, to});
  }
  return layout;
}

}  // namespace assay::report
