// A filter as a picture: its flow graph in SVG.
#pragma once

#include <string>
#include <vector>

#include "assay/report/flow_graph.hpp"
#include "assay/report/page.hpp"
#include "report/wording.hpp"

namespace assay::report {

struct PictureSubject {
  const verify::Program& program;
  const FlowGraph& graph;
  const Naming& naming;
  std::string prefix;                // of the ids of its instructions: "p0i"
  const std::vector<bool>& reached;  // by some input; empty: not known
};

struct Picture {
  std::string svg;
  std::string note;  // what the reader has to know about it
};

Picture picture(const PictureSubject& subject, const seccomp::Semantics& semantics,
                const DrawingOptions& options);

}  // namespace assay::report
