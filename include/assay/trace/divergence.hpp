// Where two filters first part ways on a recording, and how often they do.
//
// A call counts as parted when the verdicts differ whatever the recording leaves open, or once
// its assumptions are made; as doubtful when they differ for some of what it may have been.
#pragma once

#include <optional>
#include <span>

#include "assay/trace/judge.hpp"

namespace assay::trace {

class Divergence {
 public:
  // Stacks, oldest first.
  Divergence(std::span<const verify::Program> a, std::span<const verify::Program> b,
             const seccomp::Semantics& semantics = {}, const symbolic::Budget& budget = {});
  ~Divergence();

  void take(const Call& call);
  void take(std::span<const seccomp::SeccompData> records, std::size_t first);

  struct Point {
    Call call;
    Judgement a, b;
  };
  // The ones of the lowest lines.
  const std::optional<Point>& first() const { return first_; }
  const std::optional<Point>& first_doubtful() const { return first_doubtful_; }
  std::uint64_t parted() const { return parted_; }
  std::uint64_t doubtful() const { return doubtful_; }

 private:
  enum class Outcome : std::uint8_t { Same, Parted, Doubtful };
  Outcome outcome(const Call& call);

  seccomp::Semantics semantics_;
  Judge a_;
  Judge b_;
  std::unique_ptr<symbolic::Manager> manager_;
  std::optional<Judge> differ_;  // ALLOW where they are the same; none without a budget for it
  std::optional<Point> first_;
  std::optional<Point> first_doubtful_;
  std::uint64_t parted_ = 0;
  std::uint64_t doubtful_ = 0;
};

}  // namespace assay::trace
