#include "assay/shard/checkpoint.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>

namespace assay::shard {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_bytes = std::size_t{64} << 20;

tl::unexpected<CheckpointError> failed(CheckpointErrorKind kind, int error = 0) {
  return tl::unexpected(CheckpointError{kind, error, {}, {}});
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// errno, or 0.
int read_all(int descriptor, std::string& text) {
  char buffer[65536];
  while (text.size() <= most_bytes) {
    const ssize_t got = ::read(descriptor, buffer, sizeof buffer);
    if (got == 0) return 0;
    if (got < 0 && errno != EINTR) return errno;
    if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
  }
  return EFBIG;
}

// A name is durable only when its folder is.
int sync_folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened.number() >= 0 && ::fsync(opened.number()) == 0 ? 0 : errno;
}

int replace(const std::string& path, std::string_view text) {
  const std::string temporary = path + ".new";
  const Descriptor file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (file.number() < 0) return errno;
  if (!write_all(file.number(), text) || ::fsync(file.number()) != 0 ||
      ::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return error;
  }
  return sync_folder_of(path);
}

Json job_json(const Job& job) {
  return Json{
      {"command", job.command}, {"settings", job.settings}, {"share", to_string(job.share)}};
}

// Throws for what is none, as Json does; its own conversion takes -1.5 for some number.
std::uint64_t number_of(const Json& json) {
  return json.is_number_unsigned() ? json.get<std::uint64_t>() : Json().get<std::uint64_t>();
}

std::optional<Job> job_of(const Json& json) {
  const auto share = parse_share(json.at("share").get<std::string>());
  if (!share) return std::nullopt;
  return Job{json.at("command").get<std::string>(), json.at("settings").get<std::string>(), *share};
}

}  // namespace

std::string to_string(const Job& job) {
  return job.command + (job.settings.empty() ? "" : " ") + job.settings + ", share " +
         to_string(job.share);
}

std::string to_string(const CheckpointError& error) {
  const auto with_errno = [&](std::string_view what) {
    return std::string(what) +
           (error.error == 0 ? "" : ": " + std::generic_category().message(error.error));
  };
  switch (error.kind) {
    case CheckpointErrorKind::Unreadable: return with_errno("unreadable");
    case CheckpointErrorKind::Unwritable: return with_errno("cannot be written");
    case CheckpointErrorKind::Malformed: return "no checkpoint";
    case CheckpointErrorKind::OtherJob:
      return "of another job: found '" + error.found + "', expected '" + error.expected + "'";
  }
  return "";
}

tl::expected<std::optional<Progress>, CheckpointError> Checkpoint::read() const {
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0 && errno == ENOENT) return std::nullopt;
  if (file.number() < 0) return failed(CheckpointErrorKind::Unreadable, errno);
  std::string text;
  if (const int error = read_all(file.number(), text); error != 0)
    return failed(CheckpointErrorKind::Unreadable, error);
  try {
    const Json json = Json::parse(text);
    const auto job = job_of(json.at("job"));
    if (!job) return failed(CheckpointErrorKind::Malformed);
    if (*job != job_)
      return tl::unexpected(
          CheckpointError{CheckpointErrorKind::OtherJob, 0, to_string(*job), to_string(job_)});
    return Progress{number_of(json.at("next")), number_of(json.at("written")),
                    json.at("state").get<std::string>()};
  } catch (const Json::exception&) {
    return failed(CheckpointErrorKind::Malformed);
  }
}

tl::expected<void, CheckpointError> Checkpoint::write(const Progress& progress) const {
  const Json json{{"job", job_json(job_)},
                  {"next", progress.next},
                  {"written", progress.written},
                  {"state", progress.state}};
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (const int error = replace(path_, text); error != 0)
    return failed(CheckpointErrorKind::Unwritable, error);
  return {};
}

}  // namespace assay::shard
