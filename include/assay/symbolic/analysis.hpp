// What happens inside one program, over all inputs: which instructions and edges some input
// reaches, which values it can return, and what A and X can hold at each comparison.
#pragma once

#include <memory>
#include <optional>
#include <tl/expected.hpp>
#include <vector>

#include "assay/symbolic/verdict_function.hpp"

namespace assay::symbolic {

// What a register may hold over all feasible paths. Several at once mean that paths disagree.
struct Provenance {
  std::vector<std::size_t> words;  // input words of which alone it may be a function
  bool constant = false;
  bool mixed = false;  // a function of several words
  std::size_t alternatives() const { return words.size() + (constant ? 1 : 0) + (mixed ? 1 : 0); }
  friend bool operator==(const Provenance&, const Provenance&) = default;
};

class Analysis {
 public:
  static tl::expected<Analysis, NotDecided> of(Manager& manager, const verify::Program& program,
                                               const seccomp::Semantics& semantics = {});
  ~Analysis();
  Analysis(Analysis&&) noexcept;
  Analysis& operator=(Analysis&&) noexcept;

  bool reachable(std::size_t pc) const;
  // An edge of the control flow: from an instruction to the one executed next. `from` equal to
  // `to` does not occur; a branch whose sides meet is one edge.
  struct Edge {
    std::size_t from;
    std::size_t to;
    friend bool operator==(const Edge&, const Edge&) = default;
  };
  // All edges that the structure has, in order; and whether some input passes one.
  static std::vector<Edge> edges(const verify::Program& program);
  std::vector<Edge> edges() const;
  bool feasible(const Edge& edge) const;
  std::optional<seccomp::Words> witness(const Edge& edge) const;
  std::optional<seccomp::Words> witness(std::size_t pc) const;

  // In front of the instruction; none for one that is not reached.
  Provenance a_at(std::size_t pc) const;
  Provenance x_at(std::size_t pc) const;

  // Inputs for which the instruction at pc ends the program, by RET or division by zero.
  Condition ends_at(std::size_t pc) const;

  VerdictFunction::Decided function(Precision precision = Precision::Normalised) const;

 private:
  struct State;
  explicit Analysis(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay::symbolic
