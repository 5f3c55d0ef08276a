#include "report/layout.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace assay::report {
namespace {

struct Drawing {
  std::vector<Box> boxes;
  std::vector<Link> links;
};

// Decisions in three columns, and one way past the middle one.
Drawing fan() {
  Drawing drawing;
  drawing.boxes.push_back({200, 24, 20, 6});
  for (std::size_t i = 1; i <= 5; ++i) {
    drawing.boxes.push_back({100 + 10 * static_cast<double>(i), 24, 20, i});
    drawing.links.push_back({0, i - 1, i});
  }
  drawing.boxes.push_back({150, 24, 20, 2});
  for (std::size_t i = 1; i <= 5; ++i) drawing.links.push_back({i, i - 1, 6});
  drawing.links.push_back({0, 5, 6});
  return drawing;
}

void expect_apart(const Drawing& drawing, const Layout& layout) {
  ASSERT_EQ(layout.boxes.size(), drawing.boxes.size());
  for (std::size_t i = 0; i < drawing.boxes.size(); ++i) {
    const Place& a = layout.boxes[i];
    const Box& box = drawing.boxes[i];
    EXPECT_GE(a.x, 0);
    EXPECT_GE(a.y, 0);
    EXPECT_LE(a.x + box.width, layout.width);
    EXPECT_LE(a.y + box.height(), layout.height);
    for (std::size_t j = 0; j < i; ++j) {
      const Place& b = layout.boxes[j];
      const bool beside = a.x + box.width <= b.x || b.x + drawing.boxes[j].width <= a.x;
      const bool below = a.y + box.height() <= b.y || b.y + drawing.boxes[j].height() <= a.y;
      EXPECT_TRUE(beside || below) << i << " and " << j;
    }
  }
}

// From the right end of a row to the left end of a head.
void expect_joined(const Drawing& drawing, const Layout& layout) {
  ASSERT_EQ(layout.links.size(), drawing.links.size());
  for (std::size_t i = 0; i < drawing.links.size(); ++i) {
    const Link& link = drawing.links[i];
    const std::vector<Place>& curve = layout.links[i];
    ASSERT_EQ(curve.size() % 3, 1U);
    const Box& from = drawing.boxes[link.from];
    const double row = static_cast<double>(link.row) + 0.5;
    EXPECT_NEAR(curve.front().x, layout.boxes[link.from].x + from.width, 3);
    EXPECT_NEAR(curve.front().y, layout.boxes[link.from].y + from.head + from.row * row, 3);
    EXPECT_NEAR(curve.back().x, layout.boxes[link.to].x, 3);
    EXPECT_NEAR(curve.back().y, layout.boxes[link.to].y + drawing.boxes[link.to].head / 2, 3);
  }
}

TEST(Layout, PlainOneKeepsBoxesApartAndJoinsThem) {
  const Drawing drawing = fan();
  const Layout layout = plain_layout(drawing.boxes, drawing.links);
  expect_apart(drawing, layout);
  expect_joined(drawing, layout);
  EXPECT_LT(layout.boxes[0].x, layout.boxes[1].x);
  EXPECT_LT(layout.boxes[1].x, layout.boxes[6].x) << "columns by distance from the entry";
}

TEST(Layout, OfGraphvizKeepsBoxesApartAndJoinsThem) {
  const Drawing drawing = fan();
  const Layout layout = lay_out(drawing.boxes, drawing.links, {});
  ASSERT_EQ(layout.note, "") << "package graphviz";
  expect_apart(drawing, layout);
  expect_joined(drawing, layout);
}

TEST(Layout, OfOneBoxIsThatBox) {
  const Drawing drawing{{{100, 24, 20, 1}}, {}};
  expect_apart(drawing, plain_layout(drawing.boxes, drawing.links));
  expect_apart(drawing, lay_out(drawing.boxes, drawing.links, {}));
}

// A program that stands in for dot.
class StandIn {
 public:
  explicit StandIn(std::string_view script) {
    std::string name = testing::TempDir() + "layout_test_XXXXXX";
    folder_ = mkdtemp(name.data());
    std::ofstream(path()) << "#!/bin/sh\n" << script << "\n";
    chmod(path().c_str(), 0755);
  }
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;
  ~StandIn() {
    remove(path().c_str());
    remove(folder_.c_str());
  }
  std::string path() const { return folder_ + "/dot"; }

 private:
  std::string folder_;
};

void expect_plain(const DrawingOptions& options, std::string_view because) {
  const Drawing drawing = fan();
  const Layout layout = lay_out(drawing.boxes, drawing.links, options);
  EXPECT_NE(layout.note.find(because), std::string::npos) << layout.note;
  EXPECT_NE(layout.note.find("plain layout"), std::string::npos);
  expect_apart(drawing, layout);
  expect_joined(drawing, layout);
}

TEST(Layout, IsPlainAndSaysSoWhereGraphvizCannotHelp) {
  expect_plain({.dot = "no-such-dot"}, "not installed");
  expect_plain({.dot = ""}, "not asked");
  expect_plain({.dot = StandIn("exit 1").path()}, "failed");
}

TEST(Layout, IsPlainAndSaysSoWhereGraphvizIsTooSlow) {
  const StandIn slow("exec sleep 600");
  expect_plain({.dot = slow.path(), .time = std::chrono::milliseconds(100)},
               "took more than 0.1 seconds");
}

TEST(Layout, DoesNotBelieveAnswersThatMakeNoSense) {
  for (const std::string_view answer :
       {"", "{", "[]", "{\"bb\":\"0,0,1\"}", "{\"bb\":\"0,0,100,100\",\"objects\":[]}",
        "{\"bb\":\"0,0,9,9\",\"objects\":[{\"name\":\"n99\",\"pos\":\"1,1\"}]}", "{\"bb\":7}",
        "{\"bb\":\"0,0,9,9\",\"objects\":7}",
        "{\"bb\":\"0,0,9,9\",\"objects\":[7],\"edges\":{}}"}) {
    const StandIn liar("cat >/dev/null; cat <<'END'\n" + std::string(answer) + "\nEND");
    expect_plain({.dot = liar.path()}, "not understood");
  }
}

TEST(Layout, OfMoreThanAnybodyLooksAtDoesNotAskGraphviz) {
  Drawing drawing;
  for (std::size_t i = 0; i < 2000; ++i) drawing.boxes.push_back({100, 24, 20, 1});
  for (std::size_t i = 0; i + 1 < 2000; ++i) drawing.links.push_back({i, 0, i + 1});
  const Layout layout = lay_out(drawing.boxes, drawing.links, {});
  EXPECT_NE(layout.note.find("plain layout"), std::string::npos);
  expect_joined(drawing, layout);
}

}  // namespace
}  // namespace assay::report
