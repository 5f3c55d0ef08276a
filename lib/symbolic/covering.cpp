#include "assay/symbolic/covering.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <set>

#include "assay/engine/interpreter.hpp"
#include "assay/symbolic/analysis.hpp"

namespace assay::symbolic {

using seccomp::Semantics;
using seccomp::Words;
using verify::Program;

std::vector<Place> instructions_of(const Program& program) {
  std::vector<Place> places;
  for (std::size_t pc = 0; pc < program.size(); ++pc) places.push_back({pc, std::nullopt});
  return places;
}

std::vector<Place> edges_of(const Program& program) {
  std::vector<Place> places;
  for (const Analysis::Edge& edge : Analysis::edges(program))
    places.push_back({edge.from, edge.to});
  return places;
}

namespace {

using Passed = std::pair<std::size_t, std::size_t>;  // an edge; an instruction is {pc, pc}

class Marks final : public engine::Observer {
 public:
  explicit Marks(std::set<Passed>& passed) : passed_(passed) {}
  void on_instruction(const engine::State& state) override {
    passed_.insert({state.pc, state.pc});
    if (before_) passed_.insert({*before_, state.pc});
    before_ = state.pc;
  }

 private:
  std::set<Passed>& passed_;
  std::optional<std::size_t> before_;
};

class Search {
 public:
  // Says how one place can be passed.
  using Ask = std::function<Answered(std::size_t place)>;

  Search(const Program& program, const Semantics& semantics, std::span<const Place> places)
      : interpreter_(program, semantics), places_(places) {}

  // From the last place on: the way to it passes most of the others.
  Covering run(const Ask& ask) {
    for (std::size_t i = places_.size(); i-- > 0;) {
      if (passed(places_[i])) {
        ++result_.reached;
        continue;
      }
      note(places_[i], ask(i));
    }
    std::reverse(result_.infeasible.begin(), result_.infeasible.end());
    std::reverse(result_.open.begin(), result_.open.end());
    return std::move(result_);
  }

 private:
  bool passed(const Place& place) const {
    return passed_.count({place.pc, place.next.value_or(place.pc)}) > 0;
  }

  void note(const Place& place, const Answered& answer) {
    if (!answer || (answer->yes && !answer->witness)) {
      result_.open.push_back(place);
      if (!answer && !result_.why) result_.why = answer.error();
      return;
    }
    if (!answer->yes) {
      result_.infeasible.push_back(place);
      return;
    }
    Marks marks(passed_);
    interpreter_.observe(*answer->witness, marks);
    if (!passed(place)) std::abort();  // the two engines disagree: a bug
    result_.inputs.push_back(*answer->witness);
    ++result_.reached;
  }

  engine::Interpreter interpreter_;
  std::span<const Place> places_;
  std::set<Passed> passed_;
  Covering result_;
};

Answered by_diagrams(Manager& manager, const Analysis& analysis, const Place& place) {
  Answer answer;
  answer.witness = place.next ? analysis.witness(Analysis::Edge{place.pc, *place.next})
                              : analysis.witness(place.pc);
  answer.yes = answer.witness.has_value();
  if (manager.exhausted()) return tl::unexpected(Unanswered{manager.not_decided(), std::nullopt});
  return answer;
}

// An answer for each place, when the diagrams gave none.
std::vector<Answered> by_decider(const Program& program, std::span<const Place> places,
                                 const Semantics& semantics, const NotDecided& diagrams,
                                 const DeciderFactory& decider) {
  std::vector<Answered> answers;
  if (!decider) {
    answers.assign(places.size(), tl::unexpected(Unanswered{diagrams, std::nullopt}));
    return answers;
  }
  for (const Found& found : decider()->passing(program, places, semantics)) {
    if (found) {
      answers.emplace_back(Answer{found->has_value(), *found, DecidedBy::Decider});
    } else {
      answers.emplace_back(tl::unexpected(Unanswered{diagrams, found.error()}));
    }
  }
  return answers;
}

}  // namespace

Covering cover(const Program& program, std::span<const Place> places, const Semantics& semantics,
               const Budget& budget, const DeciderFactory& decider) {
  Search search(program, semantics, places);
  NotDecided diagrams;
  {
    Manager manager(Order::for_programs(std::span(&program, 1)), budget);
    const auto analysis = Analysis::of(manager, program, semantics);
    if (analysis)
      return search.run([&](std::size_t i) { return by_diagrams(manager, *analysis, places[i]); });
    diagrams = analysis.error();
  }  // its memory is free before the decider takes its own
  const auto answers = by_decider(program, places, semantics, diagrams, decider);
  return search.run([&](std::size_t i) { return answers[i]; });
}

}  // namespace assay::symbolic
