// One share of a job while it runs: results go out in the order of items, and a run that was
// killed goes on without losing or repeating one.
//
//   auto run = Run::open(job, place, R"({"assay":"0.1.0"})");
//   for (item = job.share.next(run->next()); item < items; item = job.share.next(item + 1)) {
//     run->add(item, result_of(item));
//     run->reached(item + 1);
//   }
//   run->finish(R"({"programs":10})");
//
// Results are lines of JSON on stdout or in a file, or rows of a database (store.hpp); the
// documents are told in docs/formats/results.md. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "assay/shard/checkpoint.hpp"

namespace assay::fleet {

// At most one of output and database; none of them is stdout, which has no checkpoint.
struct Place {
  std::string output;
  std::string checkpoint;
  std::string database;
  bool resume = false;
};

enum class RunErrorKind : std::uint8_t {
  Usage,       // places that do not go together
  Exists,      // something was begun there and going on was not asked for
  OtherJob,    // what was begun there is another job
  Checkpoint,  // unreadable, malformed or not to be written
  Output,      // the same of the results
  ClosedPipe,  // nobody reads any more
};

struct RunError {
  RunErrorKind kind{};
  std::string file;
  std::string reason;
  friend bool operator==(const RunError&, const RunError&) = default;
};
std::string to_string(const RunError& error);

class Run {
 public:
  using Done = tl::expected<void, RunError>;

  // `header` is a JSON object that every document of the run starts with.
  static tl::expected<Run, RunError> open(const shard::Job& job, const Place& place,
                                          std::string_view header);
  Run(Run&&) noexcept;
  Run& operator=(Run&&) noexcept;
  ~Run();

  // Where to go on: no item below it is left to do. And the state that was saved there.
  std::uint64_t next() const;
  const std::string& state() const;
  bool complete() const;  // finished before; there is nothing left to do

  // A result of the item: a JSON object. Items rise.
  Done add(std::uint64_t item, std::string_view object);
  // Everything below `next` is done; saved once a second. `state` is asked for only then.
  template <typename State>
  Done reached(std::uint64_t next, const State& state) {
    return due() ? save(next, state()) : Done{};
  }
  Done reached(std::uint64_t next) {
    return reached(next, [] { return std::string(); });
  }
  Done save(std::uint64_t next, const std::string& state);
  // The last document: the fields of the JSON object `totals`, which merging adds up. `state` is
  // what a run finds that wants to go on nevertheless.
  Done finish(std::uint64_t items, std::string_view totals, const std::string& state = {});

 private:
  class Sink;
  class Lines;
  class Rows;
  explicit Run(std::unique_ptr<Sink> sink);
  bool due() const;
  std::unique_ptr<Sink> sink_;
};

}  // namespace assay::fleet
