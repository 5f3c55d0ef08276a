#include "assay/fleet/merge.hpp"

#include <array>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "assay/load/input.hpp"
#include "fleet/json_text.hpp"

namespace assay::fleet {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_flaws = 100;
constexpr std::size_t longest_line = std::size_t{64} << 20;
constexpr std::string_view database_start{"SQLite format 3\0", 16};

tl::unexpected<MergeError> failed(std::string file, std::size_t line, std::string_view found,
                                  std::string expected) {
  return tl::unexpected(
      MergeError{std::move(file), line, load::printable(found, 80), std::move(expected)});
}
tl::unexpected<MergeError> failed(const StoreError& error) {
  return failed(error.file, 0, error.reason, "results that can be read and written");
}

// Line by line, and whether the last one was ended.
class LineReader {
 public:
  explicit LineReader(load::InputFile file) : file_(std::move(file)) {}

  // Nothing at the end.
  tl::expected<std::optional<std::string>, load::InputError> next() {
    while (true) {
      if (const std::size_t end = buffer_.find('\n', start_); end != std::string::npos) {
        std::string line = buffer_.substr(start_, end - start_);
        start_ = end + 1;
        ++number_;
        return line;
      }
      buffer_.erase(0, std::exchange(start_, 0));
      const std::size_t size = buffer_.size();
      if (size > longest_line) return too_long();
      buffer_.resize(size + portion);
      const auto got = file_.read(buffer_.data() + size, portion);
      if (!got) return tl::unexpected(got.error());
      buffer_.resize(size + *got);
      if (*got == 0) return std::nullopt;
    }
  }
  bool cut_off() const { return start_ < buffer_.size(); }
  std::size_t number() const { return number_; }

 private:
  static constexpr std::size_t portion = 65536;

  tl::unexpected<load::InputError> too_long() const {
    load::InputError error;
    error.kind = load::InputErrorKind::TooLarge;
    error.file = file_.name();
    return tl::unexpected(error);
  }

  load::InputFile file_;
  std::string buffer_;
  std::size_t start_ = 0;
  std::size_t number_ = 0;
};

std::optional<Json> object_of(const std::string& line) {
  Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  return json;
}

std::optional<shard::Job> job_of(const Json& document) {
  const auto job = document.find("job");
  if (job == document.end() || !job->is_object()) return std::nullopt;
  const auto word = [&](const char* field) -> std::optional<std::string> {
    const auto found = job->find(field);
    if (found == job->end() || !found->is_string()) return std::nullopt;
    return found->get<std::string>();
  };
  const auto command = word("command");
  const auto settings = word("settings");
  const auto share = shard::parse_share(word("share").value_or(""));
  if (!command || !settings || !share) return std::nullopt;
  return shard::Job{*command, *settings, *share};
}

std::optional<std::uint64_t> number_at(const Json& document, const char* field) {
  const auto found = document.find(field);
  if (found == document.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

// The document without its item: as it was written, where the item comes first as we write it.
std::string without_item(const std::string& line, Json& document) {
  static constexpr std::string_view start = R"({"item":)";
  const std::size_t end = line.find_first_not_of("0123456789", start.size());
  if (line.starts_with(start) && end > start.size() && end != std::string::npos) {
    if (line[end] == ',') return "{" + line.substr(end + 1);
    if (line[end] == '}') return "{" + line.substr(end);
  }
  document.erase("item");
  return document.dump();
}

// The fields of a document that all documents of its run have.
std::string header_of(const Json& document) {
  Json header = Json::object();
  for (const char* field : {"assay", "semantics"})
    if (document.contains(field)) header[field] = document[field];
  return header.dump();
}

}  // namespace

std::string_view name(FlawKind kind) {
  switch (kind) {
    case FlawKind::CutOff: return "cut off";
    case FlawKind::Unended: return "unended";
    case FlawKind::Missing: return "missing";
    case FlawKind::Conflict: return "conflict";
    case FlawKind::Duplicate: return "duplicate";
  }
  return "";
}

std::string to_string(const MergeError& error) {
  std::string text = load::printable(error.file) + ": ";
  if (error.line > 0) text += "line " + std::to_string(error.line) + ": ";
  return text + "found " + error.found + ", expected " + error.expected;
}

void Merge::flaw(FlawKind kind, const std::string& file, std::string detail) {
  ++flaw_count_;
  if (flaws_.size() < most_flaws) flaws_.push_back({kind, file, std::move(detail)});
}

void Merge::repeat(const std::string& file, std::string detail) {
  ++repeat_count_;
  if (repeats_.size() < most_flaws)
    repeats_.push_back({FlawKind::Duplicate, file, std::move(detail)});
}

tl::expected<void, MergeError> Merge::take(const std::string& file, const shard::Job& job,
                                           const Store::Result& result) {
  const auto added = store_.add(job, result);
  if (!added) return failed(added.error());
  switch (*added) {
    case Added::New: ++results_; break;
    case Added::Same: ++duplicates_; break;
    case Added::Conflict:
      flaw(FlawKind::Conflict, file,
           shard::to_string(job) + ", item " + std::to_string(result.item));
      break;
  }
  return {};
}

// A share that ended is not forgotten for one that did not.
tl::expected<void, MergeError> Merge::put(const std::string& file, const ShareState& state) {
  if (!state.complete) flaw(FlawKind::Unended, file, shard::to_string(state.job));
  const auto known = store_.share(state.job);
  if (!known) return failed(known.error());
  if (*known && (*known)->complete) {
    if (state.complete) repeat(file, shard::to_string(state.job));
    return {};
  }
  if (const auto done = store_.put(state); !done) return failed(done.error());
  return {};
}

tl::expected<void, MergeError> Merge::add(const std::string& file) {
  const std::uint64_t shares_before = repeat_count_;
  const std::uint64_t results_before = duplicates_;
  auto added = add_any(file);
  const std::uint64_t again = duplicates_ - results_before;
  if (again > 0 && repeat_count_ == shares_before)
    repeat(file, std::to_string(again) + (again == 1 ? " result" : " results"));
  return added;
}

tl::expected<void, MergeError> Merge::add_any(const std::string& file) {
  auto opened = load::InputFile::open(file);
  if (!opened) return failed(file, 0, load::describe(opened.error()), "a file of results");
  std::array<char, 16> start{};
  if (file != "-" && opened->known_size() >= start.size()) {
    const auto got = opened->read(start.data(), start.size());
    if (got && *got == start.size() && std::string_view(start.data(), 16) == database_start)
      return add_database(file);
  }
  return add_lines(file);
}

tl::expected<void, MergeError> Merge::add_lines(const std::string& file) {
  auto opened = load::InputFile::open(file);
  if (!opened) return failed(file, 0, load::describe(opened.error()), "a file of results");
  LineReader reader(std::move(*opened));
  std::optional<ShareState> state;
  std::optional<Store::Result> last;
  while (true) {
    const auto line = reader.next();
    if (!line) return failed(file, reader.number() + 1, load::describe(line.error()), "a line");
    if (!*line) break;
    auto document = object_of(**line);
    if (!document) return failed(file, reader.number(), **line, "a JSON object");
    if (const auto job = job_of(*document)) {
      if (state && state->job != *job)
        return failed(file, reader.number(), shard::to_string(*job), shard::to_string(state->job));
      if (!state) state = ShareState{*job, header_of(*document), false, "", 0, ""};
      if (document->contains("items")) {
        state->complete = true;
        state->end = **line;
      }
      continue;
    }
    const auto item = number_at(*document, "item");
    if (!state || !item)
      return failed(file, reader.number(), **line,
                    state ? "a result with its item" : "the first document of a job");
    const std::uint64_t part = last && last->item == *item ? last->part + 1 : 0;
    last = Store::Result{*item, part, without_item(**line, *document)};
    if (auto done = take(file, state->job, *last); !done) return done;
  }
  if (reader.cut_off())
    flaw(FlawKind::CutOff, file, "after line " + std::to_string(reader.number()));
  if (!state && !reader.cut_off()) return failed(file, 0, "nothing", "the first document of a job");
  return state ? put(file, *state) : tl::expected<void, MergeError>{};
}

tl::expected<void, MergeError> Merge::add_database(const std::string& file) {
  const auto from = Store::open_existing(file);
  if (!from) return failed(from.error());
  const auto shares = from->shares();
  if (!shares) return failed(shares.error());
  std::set<std::pair<std::string, std::string>> jobs;
  for (const ShareState& share : *shares) {
    if (auto done = put(file, share); !done) return done;
    if (!jobs.emplace(share.job.command, share.job.settings).second) continue;
    tl::expected<void, MergeError> taken;
    const auto each = from->each(share.job, [&](const Store::Result& result) {
      if (taken) taken = take(file, share.job, result);
    });
    if (!each) return failed(each.error());
    if (!taken) return taken;
  }
  return {};
}

tl::expected<void, MergeError> Merge::end() {
  if (const auto saved = store_.save(); !saved) return failed(saved.error());
  const auto shares = store_.shares();
  if (!shares) return failed(shares.error());
  // By job, by number of shares: which are there. One whole division is enough.
  std::map<std::pair<std::string, std::string>, std::map<std::uint64_t, std::set<std::uint64_t>>>
      jobs;
  for (const ShareState& share : *shares)
    jobs[{share.job.command, share.job.settings}][share.job.share.count].insert(
        share.job.share.index);
  for (const auto& [key, divisions] : jobs) {
    bool whole = false;
    for (const auto& [count, indices] : divisions) whole |= indices.size() == count;
    if (whole) continue;
    const auto& [count, indices] = *divisions.rbegin();
    for (std::uint64_t index = 0; index < count; ++index)
      if (!indices.contains(index))
        flaw(FlawKind::Missing, "", shard::to_string({key.first, key.second, {index, count}}));
  }
  return {};
}

namespace {

bool sorted(const Json& object) {
  std::string before;
  for (const auto& [field, value] : object.items())
    if (field < std::exchange(before, field)) return false;
  return true;
}

void add_up(Json& total, const Json& other);

// Fields that only one has keep their place where both are in order.
void add_up_fields(Json& total, const Json& other) {
  const bool in_order = sorted(total) && sorted(other);
  for (const auto& [field, value] : other.items()) {
    if (total.contains(field))
      add_up(total[field], value);
    else
      total[field] = value;
  }
  if (!in_order) return;
  const nlohmann::json by_name = total;  // whose objects are in order
  Json ordered = Json::object();
  for (const auto& [field, value] : by_name.items()) ordered[field] = total[field];
  total = std::move(ordered);
}

// Numbers are added, objects field by field; what differs otherwise is dropped.
void add_up(Json& total, const Json& other) {
  if (total.is_object() && other.is_object()) {
    add_up_fields(total, other);
  } else if (total.is_number() && other.is_number()) {
    if (total.is_number_float() || other.is_number_float())
      total = total.get<double>() + other.get<double>();
    else
      total = total.get<std::uint64_t>() + other.get<std::uint64_t>();
  } else if (total != other) {
    total = nullptr;
  }
}

// What adding up must leave alone.
void forget_place(Json& document) {
  for (const char* field : {"assay", "semantics", "job", "items"}) document.erase(field);
}

}  // namespace

tl::expected<void, StoreError> write_whole(const Store& store, const shard::Job& job,
                                           const std::function<void(std::string_view)>& line) {
  const auto shares = store.shares_of(job);
  if (!shares) return tl::unexpected(shares.error());
  std::string header = "{}";
  Json totals = Json::object();
  std::uint64_t items = 0;
  bool first = true;
  for (const ShareState& share : *shares) {
    header = share.header;
    if (!share.complete) continue;
    Json end = Json::parse(share.end, nullptr, false);
    if (!end.is_object()) continue;
    if (const auto whole = number_at(end, "items")) items = *whole;
    forget_place(end);
    if (std::exchange(first, false))
      totals = end;
    else
      add_up(totals, end);
  }
  const std::string named = job_object({job.command, job.settings, {0, 1}}, "");
  line(joined({header, named}));
  std::uint64_t results = 0;
  auto done = store.each(job, [&](const Store::Result& result) {
    line(joined({R"({"item":)" + std::to_string(result.item) + "}", result.json}));
    ++results;
  });
  if (!done) return done;
  totals["results"] = results;
  line(joined({header, named, R"({"items":)" + std::to_string(items) + "}", totals.dump()}));
  return {};
}

}  // namespace assay::fleet
