#include "assay/fleet/store.hpp"

#include <sqlite3.h>

#include <array>
#include <unordered_map>
#include <utility>

namespace assay::fleet {
namespace {

// "assay" as a number: PRAGMA application_id of our files.
constexpr std::string_view new_file =
    "PRAGMA application_id = 1634956641; PRAGMA user_version = 1;"
    "CREATE TABLE job (id INTEGER PRIMARY KEY, command TEXT NOT NULL, settings TEXT NOT NULL,"
    "  UNIQUE (command, settings));"
    "CREATE TABLE share (job INTEGER NOT NULL REFERENCES job, number INTEGER NOT NULL,"
    "  of INTEGER NOT NULL, header TEXT NOT NULL, complete INTEGER NOT NULL,"
    "  end TEXT NOT NULL, next INTEGER NOT NULL, state TEXT NOT NULL,"
    "  PRIMARY KEY (job, number, of)) WITHOUT ROWID;"
    "CREATE TABLE result (job INTEGER NOT NULL REFERENCES job, item INTEGER NOT NULL,"
    "  part INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (job, item, part)) WITHOUT ROWID;";
constexpr std::string_view application = "1634956641";
constexpr std::string_view layout = "1";

// SQLite's integers are signed; items keep their order in the lower half, where all are.
std::int64_t as_signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t as_unsigned(std::int64_t value) { return static_cast<std::uint64_t>(value); }

}  // namespace

class Store::Database {
 public:
  explicit Database(std::string path) : path_(std::move(path)) {}
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() {
    for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
    sqlite3_close(handle_);
  }

  bool open(int flags) {
    return sqlite3_open_v2(path_.c_str(), &handle_, flags, nullptr) == SQLITE_OK;
  }
  StoreError error() const {
    return {path_.empty() ? "temporary database" : path_, sqlite3_errmsg(handle_)};
  }
  StoreError error(std::string reason) const { return {path_, std::move(reason)}; }

  bool run(std::string_view sql) {
    return sqlite3_exec(handle_, std::string(sql).c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  }
  bool begin() {
    if (!writing_) writing_ = run("BEGIN");
    return writing_;
  }
  bool commit() { return !std::exchange(writing_, false) || run("COMMIT"); }

  enum Prepared : std::size_t { FindJob, AddJob, AddResult, FindResult, PutShare, Cut, Count };
  // Ready to be bound anew; null on failure.
  sqlite3_stmt* prepared(Prepared which) {
    static constexpr std::array<const char*, Count> sql{
        "SELECT id FROM job WHERE command = ? AND settings = ?",
        "INSERT INTO job (command, settings) VALUES (?, ?)",
        "INSERT OR IGNORE INTO result VALUES (?, ?, ?, ?)",
        "SELECT json FROM result WHERE job = ? AND item = ? AND part = ?",
        "INSERT OR REPLACE INTO share VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        "DELETE FROM result WHERE job = ? AND item >= ? AND item % ? = ?"};
    sqlite3_stmt*& statement = statements_[which];
    if (statement == nullptr)
      sqlite3_prepare_v3(handle_, sql[which], -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    else
      sqlite3_reset(statement);
    return statement;
  }
  sqlite3_stmt* prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(handle_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    return statement;
  }

  std::optional<std::int64_t> job_id(const shard::Job& job, bool make);
  sqlite3* handle() { return handle_; }

 private:
  std::string path_;
  sqlite3* handle_ = nullptr;
  std::array<sqlite3_stmt*, Count> statements_{};
  std::unordered_map<std::string, std::int64_t> jobs_;
  bool writing_ = false;
};

namespace {

void set(sqlite3_stmt* statement, int at, std::int64_t value) {
  sqlite3_bind_int64(statement, at, value);
}
void set(sqlite3_stmt* statement, int at, std::string_view value) {
  sqlite3_bind_text(statement, at, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
}
template <typename... Values>
void bind_all(sqlite3_stmt* statement, const Values&... values) {
  int at = 0;
  (set(statement, ++at, values), ...);
}

std::string text(sqlite3_stmt* statement, int column) {
  const auto* const start = sqlite3_column_text(statement, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  return start == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(start), size);
}

// A statement that ends with its scope.
class Query {
 public:
  explicit Query(sqlite3_stmt* statement) : statement_(statement) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query() { sqlite3_finalize(statement_); }

  explicit operator bool() const { return statement_ != nullptr; }
  sqlite3_stmt* get() const { return statement_; }
  bool next() { return (status_ = sqlite3_step(statement_)) == SQLITE_ROW; }
  bool done() const { return status_ == SQLITE_DONE; }

 private:
  sqlite3_stmt* statement_;
  int status_ = SQLITE_OK;
};

ShareState share_of(sqlite3_stmt* row) {
  const auto number = [&](int column) { return as_unsigned(sqlite3_column_int64(row, column)); };
  return {{text(row, 0), text(row, 1), {number(2), number(3)}},
          text(row, 4),
          sqlite3_column_int(row, 5) != 0,
          text(row, 6),
          number(7),
          text(row, 8)};
}

constexpr std::string_view share_columns =
    "SELECT command, settings, number, of, header, complete, end, next, state "
    "FROM share JOIN job ON job.id = share.job ";

}  // namespace

std::optional<std::int64_t> Store::Database::job_id(const shard::Job& job, bool make) {
  const std::string key = job.command + '\0' + job.settings;
  if (const auto known = jobs_.find(key); known != jobs_.end()) return known->second;
  sqlite3_stmt* statement = prepared(FindJob);
  bind_all(statement, job.command, job.settings);
  std::optional<std::int64_t> id;
  if (sqlite3_step(statement) == SQLITE_ROW) id = sqlite3_column_int64(statement, 0);
  sqlite3_reset(statement);
  if (!id && make) {
    statement = prepared(AddJob);
    bind_all(statement, job.command, job.settings);
    if (sqlite3_step(statement) == SQLITE_DONE) id = sqlite3_last_insert_rowid(handle_);
    sqlite3_reset(statement);
  }
  if (id) jobs_.emplace(key, *id);
  return id;
}

Store::Store(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

tl::expected<Store, StoreError> Store::open(const std::string& path) {
  auto database = std::make_unique<Database>(path);
  if (!database->open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE))
    return tl::unexpected(database->error());
  sqlite3_busy_timeout(database->handle(), 10'000);
  Store store(std::move(database));
  const auto tables = store.ask("SELECT count(*) FROM sqlite_master");
  if (!tables) return tl::unexpected(tables.error());
  if (tables->front().front() == "0") {
    if (!store.database_->run(new_file)) return tl::unexpected(store.database_->error());
    return store;
  }
  const auto ours = store.ask(
      "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version");
  if (!ours) return tl::unexpected(ours.error());
  if (ours->front() != Row{std::string(application), std::string(layout)})
    return tl::unexpected(store.database_->error("no results of assay, or of another version"));
  return store;
}

tl::expected<Store, StoreError> Store::open_existing(const std::string& path) {
  auto database = std::make_unique<Database>(path);
  if (!database->open(SQLITE_OPEN_READWRITE)) return tl::unexpected(database->error());
  database.reset();
  return open(path);
}

tl::expected<Added, StoreError> Store::add(const shard::Job& job, const Result& result) {
  if (!database_->begin()) return tl::unexpected(database_->error());
  const auto id = database_->job_id(job, true);
  if (!id) return tl::unexpected(database_->error());
  sqlite3_stmt* statement = database_->prepared(Database::AddResult);
  bind_all(statement, *id, as_signed(result.item), as_signed(result.part), result.json);
  if (sqlite3_step(statement) != SQLITE_DONE) return tl::unexpected(database_->error());
  if (sqlite3_changes(database_->handle()) == 1) return Added::New;
  statement = database_->prepared(Database::FindResult);
  bind_all(statement, *id, as_signed(result.item), as_signed(result.part));
  const bool same = sqlite3_step(statement) == SQLITE_ROW && text(statement, 0) == result.json;
  sqlite3_reset(statement);
  return same ? Added::Same : Added::Conflict;
}

tl::expected<void, StoreError> Store::put(const ShareState& state) {
  if (!database_->begin()) return tl::unexpected(database_->error());
  const auto id = database_->job_id(state.job, true);
  if (!id) return tl::unexpected(database_->error());
  sqlite3_stmt* const statement = database_->prepared(Database::PutShare);
  bind_all(statement, *id, as_signed(state.job.share.index), as_signed(state.job.share.count),
           state.header, std::int64_t{state.complete}, state.end, as_signed(state.next),
           state.state);
  const bool done = sqlite3_step(statement) == SQLITE_DONE;
  sqlite3_reset(statement);
  if (!done) return tl::unexpected(database_->error());
  return {};
}

tl::expected<void, StoreError> Store::cut(const shard::Job& job, std::uint64_t item) {
  if (!database_->begin()) return tl::unexpected(database_->error());
  const auto id = database_->job_id(job, false);
  if (!id) return {};
  sqlite3_stmt* const statement = database_->prepared(Database::Cut);
  bind_all(statement, *id, as_signed(item), as_signed(job.share.count), as_signed(job.share.index));
  const bool done = sqlite3_step(statement) == SQLITE_DONE;
  sqlite3_reset(statement);
  if (!done) return tl::unexpected(database_->error());
  return {};
}

tl::expected<void, StoreError> Store::save() {
  if (!database_->commit()) return tl::unexpected(database_->error());
  return {};
}

tl::expected<std::vector<ShareState>, StoreError> Store::shares() const {
  Query query(
      database_->prepare(std::string(share_columns) + "ORDER BY command, settings, of, number"));
  if (!query) return tl::unexpected(database_->error());
  std::vector<ShareState> shares;
  while (query.next()) shares.push_back(share_of(query.get()));
  if (!query.done()) return tl::unexpected(database_->error());
  return shares;
}

tl::expected<std::vector<ShareState>, StoreError> Store::shares_of(const shard::Job& job) const {
  Query query(database_->prepare(std::string(share_columns) +
                                 "WHERE command = ? AND settings = ? ORDER BY of, number"));
  if (!query) return tl::unexpected(database_->error());
  bind_all(query.get(), job.command, job.settings);
  std::vector<ShareState> shares;
  while (query.next()) shares.push_back(share_of(query.get()));
  if (!query.done()) return tl::unexpected(database_->error());
  return shares;
}

tl::expected<std::optional<ShareState>, StoreError> Store::share(const shard::Job& job) const {
  Query query(database_->prepare(std::string(share_columns) +
                                 "WHERE command = ? AND settings = ? AND number = ? AND of = ?"));
  if (!query) return tl::unexpected(database_->error());
  bind_all(query.get(), job.command, job.settings, as_signed(job.share.index),
           as_signed(job.share.count));
  if (query.next()) return share_of(query.get());
  if (!query.done()) return tl::unexpected(database_->error());
  return std::nullopt;
}

tl::expected<void, StoreError> Store::each(const shard::Job& job,
                                           const std::function<void(const Result&)>& use) const {
  Query query(
      database_->prepare("SELECT item, part, json FROM result JOIN job ON job.id = result.job "
                         "WHERE command = ? AND settings = ? ORDER BY item, part"));
  if (!query) return tl::unexpected(database_->error());
  bind_all(query.get(), job.command, job.settings);
  while (query.next())
    use({as_unsigned(sqlite3_column_int64(query.get(), 0)),
         as_unsigned(sqlite3_column_int64(query.get(), 1)), text(query.get(), 2)});
  if (!query.done()) return tl::unexpected(database_->error());
  return {};
}

tl::expected<std::vector<Store::Row>, StoreError> Store::ask(std::string_view sql) const {
  Query query(database_->prepare(sql));
  if (!query) return tl::unexpected(database_->error());
  std::vector<Row> rows;
  while (query.next()) {
    Row row;
    for (int i = 0; i < sqlite3_column_count(query.get()); ++i) row.push_back(text(query.get(), i));
    rows.push_back(std::move(row));
  }
  if (!query.done()) return tl::unexpected(database_->error());
  return rows;
}

tl::expected<void, StoreError> Store::attach(const std::string& path, std::string_view name) {
  if (!database_->commit()) return tl::unexpected(database_->error());
  Query query(database_->prepare("ATTACH ? AS " + std::string(name)));
  if (!query) return tl::unexpected(database_->error());
  bind_all(query.get(), path);
  query.next();
  if (!query.done()) return tl::unexpected(database_->error());
  return {};
}

}  // namespace assay::fleet
