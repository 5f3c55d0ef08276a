#include "smt/search.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace assay::smt {

using symbolic::Found;
using symbolic::GaveUp;

namespace {

// Interrupts a context that is past its limits. Z3 has a limit of time of its own, which it
// honours at most places; this one is for the others, and for memory. Again and again, since
// an interrupt is forgotten that comes when Z3 is not searching yet.
class Watch {
 public:
  Watch(z3::context& context, Clock::time_point deadline, std::size_t bytes)
      : context_(context),
        deadline_(deadline),
        bytes_(bytes),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  // Which limit was passed, if any.
  std::optional<GaveUp> passed() const {
    switch (passed_.load()) {
      case 1: return GaveUp::Time;
      case 2: return GaveUp::Memory;
      default: return std::nullopt;
    }
  }

 private:
  static constexpr std::chrono::milliseconds pause{5};

  void run(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any ended;
    std::unique_lock lock(mutex);
    while (!ended.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); })) {
      if (passed_ == 0) passed_ = limit();
      if (passed_ != 0) context_.interrupt();
    }
  }

  int limit() const {
    if (Clock::now() >= deadline_) return 1;
    return Z3_get_estimated_alloc_size() > bytes_ ? 2 : 0;
  }

  z3::context& context_;
  Clock::time_point deadline_;
  std::size_t bytes_;
  std::atomic<int> passed_{0};
  std::jthread thread_;  // last: it uses the others
};

// How long Z3's own limit may be late.
constexpr std::chrono::milliseconds patience{20};

unsigned milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<unsigned>(std::clamp<std::int64_t>(left, 1, 1'000'000'000));
}

}  // namespace

Search::Search(std::size_t bytes) : bytes_(bytes) {
  for (std::size_t word = 0; word < seccomp::data_words; ++word)
    inputs_.push_back(context_.bv_const(("word" + std::to_string(word)).c_str(), 32));
}

Found Search::satisfy(const z3::expr& formula, Clock::time_point deadline) {
  if (formula.is_false()) return std::nullopt;
  if (Clock::now() >= deadline) return tl::unexpected(GaveUp::Time);
  z3::solver solver(context_, "QF_BV");
  z3::params params(context_);
  params.set("timeout", milliseconds_until(deadline));
  solver.set(params);
  solver.add(formula);
  z3::check_result result = z3::unknown;
  std::optional<GaveUp> passed;
  {
    const Watch watch(context_, deadline + patience, bytes_);
    result = solver.check();
    passed = watch.passed();
  }
  broken_ = passed.has_value();
  if (result == z3::unsat) return std::nullopt;
  if (passed) return tl::unexpected(*passed);
  if (result == z3::sat) return model_of(solver);
  return tl::unexpected(Clock::now() >= deadline ? GaveUp::Time : GaveUp::Failed);
}

Found Search::model_of(z3::solver& solver) const {
  const z3::model model = solver.get_model();
  seccomp::Words words{};
  for (std::size_t word = 0; word < words.size(); ++word) {
    std::uint64_t value = 0;
    // With completion: a word that does not matter is 0.
    if (!model.eval(inputs_[word], true).is_numeral_u64(value))
      return tl::unexpected(GaveUp::Failed);
    words[word] = static_cast<std::uint32_t>(value);
  }
  return words;
}

}  // namespace assay::smt
