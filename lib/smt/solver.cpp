#include "assay/smt/solver.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "assay/engine/filter_stack.hpp"
#include "smt/execution.hpp"
#include "smt/search.hpp"
#include "smt/value.hpp"

namespace assay::smt {

using engine::FilterStack;
using engine::Interpreter;
using seccomp::Semantics;
using seccomp::Verdict;
using seccomp::Words;
using symbolic::Found;
using symbolic::GaveUp;
using symbolic::InputSet;
using symbolic::Place;
using symbolic::Precision;
using symbolic::VerdictRange;
using verify::Program;

namespace {

// The interpreter's word for what verdict() states as a formula.
std::uint32_t run(std::span<const Program> stack, const Words& words, const Semantics& semantics,
                  Precision precision) {
  const Verdict verdict = stack.size() == 1 ? Verdict{Interpreter(stack[0], semantics).run(words)}
                                            : FilterStack(stack, semantics).run(words);
  return precision == Precision::Exact ? verdict.value : verdict.normalised(semantics).value;
}

// The way that one input takes.
class Trail : public engine::Observer {
 public:
  Trail(const Program& program, const Words& words, const Semantics& semantics) {
    Interpreter(program, semantics).observe(words, *this);
  }
  void on_instruction(const engine::State& state) override { pcs_.push_back(state.pc); }

  bool passes(const Place& place) const {
    const auto at = std::lower_bound(pcs_.begin(), pcs_.end(), place.pc);
    if (at == pcs_.end() || *at != place.pc) return false;
    return !place.next || (at + 1 != pcs_.end() && at[1] == *place.next);
  }

 private:
  std::vector<std::size_t> pcs_;  // rising: jumps go forward
};

// `found`, unless it is an input that the interpreter does not confirm.
template <class Confirms>
Found confirmed(Found found, Confirms confirms) {
  if (found && *found && !confirms(**found)) return tl::unexpected(GaveUp::Unconfirmed);
  return found;
}

// Z3 reports its own failures as exceptions; none leaves this room.
template <class Question>
Found guarded(Question question) {
  try {
    return question();
  } catch (const std::exception&) {
    return tl::unexpected(GaveUp::Failed);
  }
}

// The places of one program, each searched for unless an earlier find passes it too. Each has
// a share of the time that is left, and what is left in the end goes to those that ran out.
class Tour {
 public:
  Tour(const Program& program, std::span<const Place> places, const Semantics& semantics)
      : program_(program),
        places_(places),
        semantics_(semantics),
        found_(places.size(), tl::unexpected(GaveUp::Time)),
        left_(places.size()) {}

  std::vector<Found> run(const Limits& limits) && {
    const Clock::time_point end = Clock::now() + limits.time;
    const Found failure = guarded([&]() -> Found {
      while (count_open() != 0 && Clock::now() < end) {
        Search search(limits.bytes);
        const Execution execution = execute(search.inputs(), program_, semantics_.shift);
        while (count_open() != 0 && Clock::now() < end && !search.broken())
          look(search, execution, end);
      }
      return std::nullopt;
    });
    if (!failure)
      for (Found& found : found_)
        if (is_open(found)) found = failure;
    return std::move(found_);
  }

 private:
  static bool is_open(const Found& found) { return !found && found.error() == GaveUp::Time; }
  std::size_t count_open() const {
    return static_cast<std::size_t>(std::count_if(found_.begin(), found_.end(), is_open));
  }

  // Searches for the next open place, round after round.
  void look(Search& search, const Execution& execution, Clock::time_point end) {
    while (next_ < places_.size() && !is_open(found_[next_])) ++next_;
    if (next_ == places_.size()) {
      next_ = 0;
      left_ = count_open();
      return;
    }
    const Clock::time_point now = Clock::now();
    const auto share = (end - now) / static_cast<Clock::rep>(left_);
    if (left_ > 1) --left_;  // finds that pass others may have closed some of these
    const std::size_t place = next_++;
    found_[place] = search.satisfy(execution.passing(program_, places_[place]), now + share);
    if (found_[place] && *found_[place]) follow(place, **found_[place]);
  }

  // Confirms the input for place i, and notes where else it passes.
  void follow(std::size_t i, const Words& words) {
    const Trail trail(program_, words, semantics_);
    if (!trail.passes(places_[i])) {
      found_[i] = tl::unexpected(GaveUp::Unconfirmed);
      return;
    }
    for (std::size_t other = 0; other < places_.size(); ++other)
      if (is_open(found_[other]) && trail.passes(places_[other])) found_[other] = words;
  }

  const Program& program_;
  std::span<const Place> places_;
  const Semantics& semantics_;
  std::vector<Found> found_;
  std::size_t next_ = 0;  // place
  std::size_t left_;      // open places in this round, at most
};

class Solver : public symbolic::Decider {
 public:
  explicit Solver(const Limits& limits) : limits_(limits) {}

  Found difference(Stack a, Stack b, const Semantics& semantics, Precision precision) override {
    const Clock::time_point deadline = Clock::now() + limits_.time;
    const Found found = guarded([&] {
      Search search(limits_.bytes);
      const auto& inputs = search.inputs();
      return search.satisfy(smt::verdict(inputs, a, semantics, precision) !=
                                smt::verdict(inputs, b, semantics, precision),
                            deadline);
    });
    return confirmed(found, [&](const Words& words) {
      return smt::run(a, words, semantics, precision) != smt::run(b, words, semantics, precision);
    });
  }

  Found verdict(const InputSet& given, Stack stack, std::span<const VerdictRange> wanted,
                const Semantics& semantics, Precision precision) override {
    const Clock::time_point deadline = Clock::now() + limits_.time;
    const Found found = guarded([&] {
      Search search(limits_.bytes);
      const auto& inputs = search.inputs();
      const z3::expr value = smt::verdict(inputs, stack, semantics, precision);
      return search.satisfy(contains(inputs, given) && among(value, wanted), deadline);
    });
    return confirmed(found, [&](const Words& words) {
      const std::uint32_t value = smt::run(stack, words, semantics, precision);
      return given.contains(words) &&
             std::any_of(wanted.begin(), wanted.end(), [&](const VerdictRange& range) {
               return range.first <= value && value <= range.last;
             });
    });
  }

  std::vector<Found> passing(const Program& program, std::span<const Place> places,
                             const Semantics& semantics) override {
    return Tour(program, places, semantics).run(limits_);
  }

 private:
  Limits limits_;
};

}  // namespace

symbolic::DeciderFactory solver(const Limits& limits) {
  return
      [limits]() -> std::unique_ptr<symbolic::Decider> { return std::make_unique<Solver>(limits); };
}

}  // namespace assay::smt
