// Results of long jobs in an SQLite file that anybody can query: docs/formats/results.md.
//
// A result is one JSON object, known by its job, its item and which of the item's results it
// is. The same result twice is one result; another one in its place is a conflict, and the
// first is kept. One thread at a time; what is added is on the disk after save().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/shard/checkpoint.hpp"

namespace assay::fleet {

struct StoreError {
  std::string file;
  std::string reason;  // SQLite's words, or that it is no such file
  friend bool operator==(const StoreError&, const StoreError&) = default;
};

enum class Added : std::uint8_t { New, Same, Conflict };

struct ShareState {
  shard::Job job;
  std::string header;  // of the job's documents: a JSON object
  bool complete = false;
  std::string end;         // when complete: the last document, a JSON object
  std::uint64_t next = 0;  // first item not done, where the share is still running
  std::string state;       // of the command, for going on
  friend bool operator==(const ShareState&, const ShareState&) = default;
};

class Store {
 public:
  // An existing file must be one of ours. Without a path it is a temporary one, without a name.
  static tl::expected<Store, StoreError> open(const std::string& path);
  static tl::expected<Store, StoreError> open_existing(const std::string& path);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  struct Result {
    std::uint64_t item = 0;
    std::uint64_t part = 0;  // 0 for the first result of the item
    std::string json;
  };
  // The job is known by command and settings, whatever the share.
  tl::expected<Added, StoreError> add(const shard::Job& job, const Result& result);
  tl::expected<void, StoreError> put(const ShareState& state);
  // Takes back the share's results of `item` and above.
  tl::expected<void, StoreError> cut(const shard::Job& job, std::uint64_t item);
  tl::expected<void, StoreError> save();

  // In the order of jobs.
  tl::expected<std::vector<ShareState>, StoreError> shares() const;
  tl::expected<std::vector<ShareState>, StoreError> shares_of(const shard::Job& job) const;
  tl::expected<std::optional<ShareState>, StoreError> share(const shard::Job& job) const;
  // In the order of items.
  tl::expected<void, StoreError> each(const shard::Job& job,
                                      const std::function<void(const Result&)>& use) const;
  // The rows of a question in SQL; numbers as text.
  using Row = std::vector<std::string>;
  tl::expected<std::vector<Row>, StoreError> ask(std::string_view sql) const;
  // Makes the tables of another store's file readable as `name`.result and so on.
  tl::expected<void, StoreError> attach(const std::string& path, std::string_view name);

 private:
  class Database;
  explicit Store(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace assay::fleet
