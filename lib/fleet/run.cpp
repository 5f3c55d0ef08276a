#include "assay/fleet/run.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <limits>
#include <system_error>
#include <utility>

#include "assay/fleet/store.hpp"
#include "fleet/json_text.hpp"

namespace assay::fleet {
namespace {

constexpr std::uint64_t after_all = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t portion = 65536;
constexpr std::chrono::seconds between_saves{1};

tl::unexpected<RunError> failed(RunErrorKind kind, std::string file, std::string reason) {
  return tl::unexpected(RunError{kind, std::move(file), std::move(reason)});
}
std::string words(int error) { return std::generic_category().message(error); }

tl::unexpected<RunError> failed(std::string file, const shard::CheckpointError& error) {
  const bool other = error.kind == shard::CheckpointErrorKind::OtherJob;
  return failed(other ? RunErrorKind::OtherJob : RunErrorKind::Checkpoint, std::move(file),
                shard::to_string(error));
}

std::string end_document(std::string_view header, const shard::Job& job, std::uint64_t items,
                         std::uint64_t results, std::string_view totals) {
  const std::string counts =
      R"({"items":)" + std::to_string(items) + R"(,"results":)" + std::to_string(results) + "}";
  return joined({header, job_object(job, host_name()), counts, totals});
}

}  // namespace

std::string to_string(const RunError& error) {
  return error.file.empty() ? error.reason : error.file + ": " + error.reason;
}

class Run::Sink {
 public:
  Sink(shard::Job job, std::string_view header) : job_(std::move(job)), header_(header) {}
  virtual ~Sink() = default;

  virtual Done add(std::uint64_t item, std::string_view object) = 0;
  virtual Done save(std::uint64_t next, const std::string& state) = 0;
  virtual Done finish(std::uint64_t items, std::string_view totals, const std::string& state) = 0;

  std::uint64_t next() const { return next_; }
  const std::string& state() const { return state_; }
  bool complete() const { return complete_; }
  bool due() const { return std::chrono::steady_clock::now() - saved_ >= between_saves; }

 protected:
  void saved() { saved_ = std::chrono::steady_clock::now(); }

  shard::Job job_;
  std::string header_;
  std::uint64_t next_ = 0;
  std::uint64_t results_ = 0;
  std::string state_;
  bool complete_ = false;

 private:
  std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
};

// Lines in a file or on stdout. The count of results so far stands in front of the state that a
// checkpoint keeps.
class Run::Lines final : public Run::Sink {
 public:
  using Sink::Sink;
  ~Lines() override {
    if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
  }

  Done open(const Place& place) {
    path_ = place.output;
    if (path_.empty()) {
      descriptor_ = STDOUT_FILENO;
      return begin();
    }
    if (!place.checkpoint.empty()) checkpoint_.emplace(place.checkpoint, job_);
    std::optional<shard::Progress> progress;
    if (checkpoint_) {
      auto read = checkpoint_->read();
      if (!read) return failed(place.checkpoint, read.error());
      progress = std::move(*read);
    }
    if (progress && !place.resume)
      return failed(RunErrorKind::Exists, place.checkpoint,
                    "a run was begun there: go on with --resume, or remove it");
    return progress ? go_on(*progress) : create();
  }

  Done add(std::uint64_t item, std::string_view object) override {
    buffer_ += joined({R"({"item":)" + std::to_string(item) + "}", object});
    buffer_ += '\n';
    ++results_;
    return buffer_.size() < portion ? Done{} : flush();
  }

  Done save(std::uint64_t next, const std::string& state) override {
    saved();
    if (auto done = flush(); !done || !checkpoint_) return done;
    if (::fdatasync(descriptor_) != 0) return failed(RunErrorKind::Output, path_, words(errno));
    return write_checkpoint(next, state);
  }

  Done finish(std::uint64_t items, std::string_view totals, const std::string& state) override {
    buffer_ += end_document(header_, job_, items, results_, totals) + "\n";
    complete_ = true;
    return save(after_all, state);
  }

 private:
  Done begin() {
    buffer_ = joined({header_, job_object(job_, host_name())}) + "\n";
    return flush();
  }
  Done create() {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
    if (descriptor_ < 0) return failed(RunErrorKind::Output, path_, words(errno));
    if (auto done = begin(); !done || !checkpoint_) return done;
    return write_checkpoint(0, {});
  }
  // What was written after the last save is done again.
  Done go_on(const shard::Progress& progress) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor_ < 0) return failed(RunErrorKind::Output, path_, words(errno));
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0)
      return failed(RunErrorKind::Output, path_, words(errno));
    if (static_cast<std::uint64_t>(status.st_size) < progress.written)
      return failed(RunErrorKind::Output, path_, "shorter than its checkpoint says");
    const auto size = static_cast<off_t>(progress.written);
    if (::ftruncate(descriptor_, size) != 0 || ::lseek(descriptor_, size, SEEK_SET) != size)
      return failed(RunErrorKind::Output, path_, words(errno));
    written_ = progress.written;
    next_ = progress.next;
    complete_ = next_ == after_all;
    const std::size_t blank = progress.state.find(' ');
    results_ = std::strtoull(progress.state.c_str(), nullptr, 10);
    state_ = blank == std::string::npos ? "" : progress.state.substr(blank + 1);
    return {};
  }
  Done write_checkpoint(std::uint64_t next, const std::string& state) {
    const auto written =
        checkpoint_->write({next, written_, std::to_string(results_) + " " + state});
    if (!written) return failed(checkpoint_->path(), written.error());
    return {};
  }
  Done flush() {
    std::string_view rest = buffer_;
    while (!rest.empty()) {
      const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0)
        return failed(errno == EPIPE ? RunErrorKind::ClosedPipe : RunErrorKind::Output,
                      path_.empty() ? "stdout" : path_, words(errno));
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    written_ += buffer_.size();
    buffer_.clear();
    return {};
  }

  std::string path_;
  std::string buffer_;
  std::optional<shard::Checkpoint> checkpoint_;
  int descriptor_ = -1;
  std::uint64_t written_ = 0;
};

// Rows of a database, which keeps how far the run has come beside them.
class Run::Rows final : public Run::Sink {
 public:
  Rows(shard::Job job, std::string_view header, Store store)
      : Sink(std::move(job), header), store_(std::move(store)) {}

  Done open(const Place& place) {
    path_ = place.database;
    const auto begun = store_.share(job_);
    if (!begun) return failed(begun.error());
    if (!*begun) return save(0, {});
    if (!place.resume)
      return failed(RunErrorKind::Exists, path_,
                    "a run of this job was begun there: go on with --resume");
    const ShareState& share = **begun;
    next_ = share.next;
    state_ = share.state;
    complete_ = share.complete;
    if (complete_) return {};
    if (const auto cut = store_.cut(job_, next_); !cut) return failed(cut.error());
    return {};
  }

  Done add(std::uint64_t item, std::string_view object) override {
    part_ = item == item_ ? part_ + 1 : 0;
    item_ = item;
    ++results_;
    const auto added = store_.add(job_, {item, part_, std::string(object)});
    if (!added) return failed(added.error());
    if (*added == Added::Conflict)
      return failed(RunErrorKind::Output, path_,
                    "item " + std::to_string(item) + " has another result there");
    return {};
  }
  Done save(std::uint64_t next, const std::string& state) override {
    return put({job_, header_, false, "", next, state});
  }
  Done finish(std::uint64_t items, std::string_view totals, const std::string& state) override {
    complete_ = true;
    const auto results = count();
    if (!results) return failed(results.error());
    return put({job_, header_, true, end_document(header_, job_, items, *results, totals),
                after_all, state});
  }

 private:
  static tl::unexpected<RunError> failed(const StoreError& error) {
    return fleet::failed(RunErrorKind::Output, error.file, error.reason);
  }
  static tl::unexpected<RunError> failed(RunErrorKind kind, std::string file, std::string reason) {
    return fleet::failed(kind, std::move(file), std::move(reason));
  }
  Done put(const ShareState& state) {
    saved();
    if (const auto put = store_.put(state); !put) return failed(put.error());
    if (const auto saved = store_.save(); !saved) return failed(saved.error());
    return {};
  }
  // Of the whole share, those before it went on as well.
  tl::expected<std::uint64_t, StoreError> count() {
    std::uint64_t results = 0;
    const auto done = store_.each(
        job_, [&](const Store::Result& result) { results += job_.share.has(result.item) ? 1 : 0; });
    if (!done) return tl::unexpected(done.error());
    return results;
  }

  Store store_;
  std::string path_;
  std::uint64_t item_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t part_ = 0;
};

Run::Run(std::unique_ptr<Sink> sink) : sink_(std::move(sink)) {}
Run::Run(Run&&) noexcept = default;
Run& Run::operator=(Run&&) noexcept = default;
Run::~Run() = default;

tl::expected<Run, RunError> Run::open(const shard::Job& job, const Place& place,
                                      std::string_view header) {
  if (!place.database.empty() && (!place.output.empty() || !place.checkpoint.empty()))
    return failed(RunErrorKind::Usage, "",
                  "a database holds results and progress: expected no other place for them");
  if (!place.checkpoint.empty() && place.output.empty())
    return failed(RunErrorKind::Usage, "", "a checkpoint needs results in a file");
  if (place.resume && place.checkpoint.empty() && place.database.empty())
    return failed(RunErrorKind::Usage, "", "going on needs a checkpoint or a database");
  if (place.database.empty()) {
    auto lines = std::make_unique<Lines>(job, header);
    if (auto opened = lines->open(place); !opened) return tl::unexpected(opened.error());
    return Run(std::move(lines));
  }
  auto store = Store::open(place.database);
  if (!store) return failed(RunErrorKind::Output, store.error().file, store.error().reason);
  auto rows = std::make_unique<Rows>(job, header, std::move(*store));
  if (auto opened = rows->open(place); !opened) return tl::unexpected(opened.error());
  return Run(std::move(rows));
}

std::uint64_t Run::next() const { return sink_->next(); }
const std::string& Run::state() const { return sink_->state(); }
bool Run::complete() const { return sink_->complete(); }
bool Run::due() const { return sink_->due(); }
Run::Done Run::add(std::uint64_t item, std::string_view object) { return sink_->add(item, object); }
Run::Done Run::save(std::uint64_t next, const std::string& state) {
  return sink_->save(next, state);
}
Run::Done Run::finish(std::uint64_t items, std::string_view totals, const std::string& state) {
  return sink_->finish(items, totals, state);
}

}  // namespace assay::fleet
