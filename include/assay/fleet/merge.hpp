// Results from many places put together: any order, twice, from shares that ended early.
//
// Nothing is lost silently: what is missing, cut off, said twice or said differently is named.
// Memory does not grow with the results: they go into a store (store.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/fleet/store.hpp"

namespace assay::fleet {

enum class FlawKind : std::uint8_t {
  CutOff,     // the file ends in the middle of a document
  Unended,    // a share has no last document: it was killed, or is still running
  Missing,    // no file has this share of the job
  Conflict,   // one item, two different results
  Duplicate,  // what was there before: no harm, and in repeats() only
};
std::string_view name(FlawKind kind);  // "cut off"

struct Flaw {
  FlawKind kind{};
  std::string file;    // where it was met; empty for Missing
  std::string detail;  // "campaign seed=1, share 2/4", "item 7", "12 results"
  friend bool operator==(const Flaw&, const Flaw&) = default;
};

// A file that holds no results at all.
struct MergeError {
  std::string file;
  std::size_t line = 0;  // from 1; 0 for the file as a whole
  std::string found;     // safe to print
  std::string expected;
  friend bool operator==(const MergeError&, const MergeError&) = default;
};
std::string to_string(const MergeError& error);

class Merge {
 public:
  explicit Merge(Store& into) : store_(into) {}

  // A file of lines or a database. May be called any number of times.
  tl::expected<void, MergeError> add(const std::string& file);
  // Names what the files together lack.
  tl::expected<void, MergeError> end();

  const std::vector<Flaw>& flaws() const { return flaws_; }
  std::uint64_t flaw_count() const { return flaw_count_; }  // flaws() has the first hundred
  // Shares that had ended and came again; of other files, that they repeat results. Likewise.
  const std::vector<Flaw>& repeats() const { return repeats_; }
  std::uint64_t repeat_count() const { return repeat_count_; }
  std::uint64_t results() const { return results_; }
  std::uint64_t duplicates() const { return duplicates_; }

 private:
  tl::expected<void, MergeError> add_any(const std::string& file);
  tl::expected<void, MergeError> add_lines(const std::string& file);
  tl::expected<void, MergeError> add_database(const std::string& file);
  tl::expected<void, MergeError> take(const std::string& file, const shard::Job& job,
                                      const Store::Result& result);
  tl::expected<void, MergeError> put(const std::string& file, const ShareState& state);
  void flaw(FlawKind kind, const std::string& file, std::string detail);
  void repeat(const std::string& file, std::string detail);

  Store& store_;
  std::vector<Flaw> flaws_;
  std::uint64_t flaw_count_ = 0;
  std::vector<Flaw> repeats_;
  std::uint64_t repeat_count_ = 0;
  std::uint64_t results_ = 0;
  std::uint64_t duplicates_ = 0;
};

// The documents of the jobs as one run without shares would have written them: a first one, the
// results in the order of their items, and a last one with the totals of all shares. Numbers
// are added, what is equal in all is kept, the rest is left out.
tl::expected<void, StoreError> write_whole(const Store& store, const shard::Job& job,
                                           const std::function<void(std::string_view)>& line);

}  // namespace assay::fleet
