// One HTML page about a target, or about two side by side: findings, policy, the filters as
// pictures and as listings, a form that evaluates a call, cost.
//
//   write(page(std::array{Subject{target, findings}}));
//
// Self-contained: nothing is loaded from anywhere, and it works from a file. Whatever names and
// texts it is given, they stay text. Its size is bounded: what is left out, it says. The same
// subjects give the same bytes, but for a picture that ran out of time.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "assay/audit/audit.hpp"

namespace assay::report {

struct Subject {
  audit::Target target;
  std::vector<audit::Finding> findings;
  std::string without_findings{};  // why there are none, where that is not good news
};

struct DrawingOptions {
  std::string dot = "dot";               // the program that lays out graphs; empty for none
  std::chrono::milliseconds time{5000};  // all pictures together
};

struct PageOptions {
  seccomp::Semantics semantics{};
  symbolic::Budget budget{};
  DrawingOptions drawing{};
};

// One subject or two.
std::string page(std::span<const Subject> subjects, const PageOptions& options = {});

}  // namespace assay::report
