#include "report/picture.hpp"

#include <algorithm>

#include "report/layout.hpp"
#include "report/markup.hpp"

namespace assay::report {
namespace {

constexpr double character = 6.65;  // of the picture's fixed-width letters
constexpr double head_height = 24;
constexpr double row_height = 20;
constexpr double pad = 8;
constexpr std::size_t label_characters = 34;
constexpr std::size_t most_nodes = 1500;
constexpr std::size_t most_rows = 80;  // of a node

struct Row {
  std::string label;
  std::string full;
  std::string look;  // of the verdict that it ends with
  std::string chip;
  std::optional<std::size_t> node;
};

std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

class Painter {
 public:
  Painter(const PictureSubject& subject, const seccomp::Semantics& semantics)
      : subject_(subject),
        semantics_(semantics),
        drawn_(std::min(subject.graph.nodes.size(), most_nodes)) {
    for (std::size_t i = 0; i < drawn_; ++i) rows_.push_back(rows_of(node(i)));
    for (std::size_t i = 0; i < drawn_; ++i) boxes_.push_back(box(i));
    find_links();
    find_looks();
  }

  Picture paint(const DrawingOptions& options) const {
    const Layout layout = lay_out(boxes_, links_, options);
    Picture picture;
    picture.note = layout.note;
    if (drawn_ < subject_.graph.nodes.size())
      picture.note += (picture.note.empty() ? "" : " ") + std::string("Shown are the first ") +
                      std::to_string(drawn_) + " of " +
                      std::to_string(subject_.graph.nodes.size()) + " decisions.";
    picture.svg = svg(layout);
    return picture;
  }

 private:
  const FlowNode& node(std::size_t at) const { return subject_.graph.nodes[at]; }

  std::vector<Row> rows_of(const FlowNode& node) const {
    std::vector<Row> rows;
    for (const Way& way : node.ways) {
      if (rows.size() + 1 == most_rows && node.ways.size() > most_rows) {
        rows.push_back({counted(node.ways.size() - rows.size(), "more way"), {}, {}, {}, {}});
        break;
      }
      rows.push_back(row(node, way));
    }
    return rows;
  }

  Row row(const FlowNode& node, const Way& way) const {
    Row row;
    if (node.kind == FlowNode::Kind::Switch) {
      const Naming::Values values = subject_.naming.values(node, way, label_characters);
      row.label = way.otherwise ? "otherwise" : values.brief;
      row.full = way.otherwise ? "" : values.full;
    } else {
      const bool both = node.ways.size() == 1;
      row.label = node.kind == FlowNode::Kind::Step || both ? "then" : way.taken ? "yes" : "no";
    }
    if (way.node) {
      row.node = way.node;
      if (*way.node >= drawn_)
        row.chip = "L" + std::to_string(subject_.graph.nodes[*way.node].insns.front());
      return row;
    }
    const std::size_t ret = way.returns.front();
    row.look = look_of(ret);
    row.chip = row.look == "varies" ? "returns A"
                                    : chip(seccomp::Verdict{subject_.program[ret].k}, semantics_);
    return row;
  }

  // Of a return.
  std::string look_of(std::size_t pc) const {
    if (subject_.program.opcode(pc).operand == bpf::Operand::A) return "varies";
    return std::string(look(seccomp::Verdict{subject_.program[pc].k}, semantics_));
  }

  static std::string cost_text(const FlowNode& node) {
    return "\xe2\x89\xa4 " + std::to_string(node.before);
  }

  static double chip_width(const Row& row) {
    return row.chip.empty() ? 0 : character * static_cast<double>(row.chip.size()) + 10;
  }

  Box box(std::size_t at) const {
    const std::string title = shortened(subject_.naming.decision(node(at)), label_characters);
    double width = character * static_cast<double>(title.size() + cost_text(node(at)).size());
    width += 2 * pad + 10;
    for (const Row& row : rows_[at])
      width = std::max(width, character * static_cast<double>(row.label.size()) + chip_width(row) +
                                  2 * pad + (row.chip.empty() ? 0 : 8));
    return {std::max(width, 96.0), head_height, row_height, rows_[at].size()};
  }

  // A way in a row that is left out starts at the last row.
  void find_links() {
    for (std::size_t from = 0; from < drawn_; ++from)
      for (std::size_t way = 0; way < node(from).ways.size(); ++way) {
        const auto& to = node(from).ways[way].node;
        if (to && *to < drawn_)
          links_.push_back({from, std::min(way, rows_[from].size() - 1), *to});
      }
  }

  // A node from which all ways end alike has the colours of that end.
  void find_looks() {
    const auto& nodes = subject_.graph.nodes;
    std::vector<std::string> looks(nodes.size());
    for (std::size_t at = nodes.size(); at-- > 0;)
      for (const Way& way : nodes[at].ways) {
        const std::string end = way.node ? looks[*way.node] : look_of(way.returns.front());
        looks[at] = looks[at].empty() || looks[at] == end ? end : "mixed";
      }
    looks_.assign(looks.begin(), looks.begin() + static_cast<std::ptrdiff_t>(drawn_));
    for (std::size_t i = 0; i < drawn_; ++i) deepest_ = std::max(deepest_, node(i).before);
  }

  std::string svg(const Layout& layout) const {
    const std::string width = pixels(layout.width);
    const std::string height = pixels(layout.height);
    std::string text = "<svg class=\"flow\" role=\"group\" aria-label=\"Flow of the filter, " +
                       counted(drawn_, "decision") + "\" viewBox=\"0 0 " + width + " " + height +
                       "\" width=\"" + width + "\" height=\"" + height + "\">\n";
    for (std::size_t i = 0; i < links_.size(); ++i) text += link(links_[i], layout.links[i]);
    for (std::size_t i = 0; i < drawn_; ++i) text += drawn_node(i, layout.boxes[i]);
    return text + "</svg>\n";
  }

  static std::string link(const Link& link, const std::vector<Place>& curve) {
    std::string text = "<path class=\"way\" data-from=\"" + std::to_string(link.from) +
                       "\" data-to=\"" + std::to_string(link.to) + "\" d=\"M";
    for (std::size_t i = 0; i < curve.size(); ++i)
      text += (i == 1 ? "C" : i == 0 ? "" : " ") + pixels(curve[i].x) + " " + pixels(curve[i].y);
    return text + "\"/>\n";
  }

  bool dead(std::size_t at) const {
    return !subject_.reached.empty() && !subject_.reached[node(at).insns.front()];
  }

  std::size_t heat(std::size_t at) const {
    constexpr std::size_t steps = 5;
    return deepest_ == 0 ? 0 : std::min(steps - 1, node(at).before * steps / deepest_);
  }

  std::string spoken(std::size_t at) const {
    const FlowNode& decision = node(at);
    std::string text = decision.kind == FlowNode::Kind::Switch ? "Switch on " : "";
    text += subject_.naming.decision(decision) + ", instruction " +
            std::to_string(decision.insns.front()) + ", " + counted(decision.ways.size(), "way") +
            ", after at most " + counted(decision.before, "instruction");
    return text + (dead(at) ? ", no input gets here" : "");
  }

  std::string drawn_node(std::size_t at, const Place& place) const {
    const Box& box = boxes_[at];
    const std::string width = pixels(box.width);
    std::string text = "<a class=\"node " + looks_[at] + " heat-" + std::to_string(heat(at)) +
                       (dead(at) ? " dead" : "") + "\" href=\"#" + subject_.prefix +
                       std::to_string(node(at).insns.front()) + "\" data-node=\"" +
                       std::to_string(at) + "\" aria-label=\"" + escaped(spoken(at)) +
                       "\" transform=\"translate(" + pixels(place.x) + " " + pixels(place.y) +
                       ")\"><rect class=\"body\" width=\"" + width + "\" height=\"" +
                       pixels(box.height()) + "\" rx=\"4\"/><rect class=\"head\" width=\"" + width +
                       "\" height=\"" + pixels(box.head) + "\" rx=\"4\"/>";
    text += "<text class=\"title\" x=\"8\" y=\"16\">" +
            escaped(shortened(subject_.naming.decision(node(at)), label_characters)) + "</text>";
    text += "<text class=\"cost\" x=\"" + pixels(box.width - pad) + "\" y=\"16\">" +
            cost_text(node(at)) + "</text>";
    double y = box.head;
    for (const Row& row : rows_[at]) {
      text += drawn_row(row, y, box.width);
      y += box.row;
    }
    return text + "</a>\n";
  }

  static std::string drawn_row(const Row& row, double y, double width) {
    std::string text = "<g>";
    if (!row.full.empty()) text += "<title>" + escaped(row.full) + "</title>";
    text += "<text x=\"8\" y=\"" + pixels(y + 14) + "\">" + escaped(row.label) + "</text>";
    if (!row.chip.empty()) {
      const double chip = chip_width(row);
      const std::string x = pixels(width - chip - 4);
      text += "<rect class=\"chip " + row.look + "\" x=\"" + x + "\" y=\"" + pixels(y + 2) +
              "\" width=\"" + pixels(chip) + "\" height=\"16\" rx=\"3\"/><text class=\"chip " +
              row.look + "\" x=\"" + pixels(width - chip + 1) + "\" y=\"" + pixels(y + 14) + "\">" +
              escaped(row.chip) + "</text>";
    }
    return text + "</g>";
  }

  const PictureSubject& subject_;
  const seccomp::Semantics& semantics_;
  std::size_t drawn_;
  std::vector<std::vector<Row>> rows_;
  std::vector<Box> boxes_;
  std::vector<Link> links_;
  std::vector<std::string> looks_;
  std::size_t deepest_ = 0;
};

}  // namespace

Picture picture(const PictureSubject& subject, const seccomp::Semantics& semantics,
                const DrawingOptions& options) {
  return Painter(subject, semantics).paint(options);
}

}  // namespace assay::report
