// Where the nodes of a flow graph stand on the paper, and how its ways run.
//
// By Graphviz's dot as a child process; a plain layout of our own where dot is missing, takes
// too long or fails, or where there is more than anybody would look at.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "assay/report/page.hpp"

namespace assay::report {

struct Place {
  double x = 0;
  double y = 0;
};

// A node as a box: a head and rows below it, one for each way. Ways leave on the right of their
// row and enter on the left of a head.
struct Box {
  double width = 0;
  double head = 0;  // height
  double row = 0;   // height of each row
  std::size_t rows = 0;
  double height() const { return head + row * static_cast<double>(rows); }
};

struct Link {
  std::size_t from = 0;  // index of a box
  std::size_t row = 0;
  std::size_t to = 0;
};

struct Layout {
  double width = 0;
  double height = 0;
  std::vector<Place> boxes;               // upper left corners
  std::vector<std::vector<Place>> links;  // a Bezier curve each: a point, then three by three
  std::string note;                       // why it is the plain one
};

Layout lay_out(const std::vector<Box>& boxes, const std::vector<Link>& links,
               const DrawingOptions& options);
// Columns by distance from the entry. Boxes are in an order in which links go forward.
Layout plain_layout(const std::vector<Box>& boxes, const std::vector<Link>& links);

}  // namespace assay::report
