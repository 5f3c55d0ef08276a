#include "output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "diagnostics.hpp"
#include "signals.hpp"

namespace assay::tool {
namespace {

constexpr std::size_t portion = 65536;

std::string sentence(const std::string& path, int error) {
  return "cannot write " + path + ": " + std::generic_category().message(error);
}

// Where a symbolic link leads, so that the link stays one.
std::string real_path(const std::string& path) {
  char* const resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return path;
  std::string result = resolved;
  std::free(resolved);
  return result;
}

mode_t usual_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

}  // namespace

Output::Output(std::string path, std::string temporary, int descriptor)
    : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

Output::Output(Output&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      buffer_(std::move(other.buffer_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      error_(other.error_) {}

tl::expected<Output, std::string> Output::open(const std::string& path) {
  if (path.empty()) return Output("stdout", "", STDOUT_FILENO);
  const std::string real = real_path(path);
  struct stat status {};
  const bool exists = ::stat(real.c_str(), &status) == 0;
  if (exists && !S_ISREG(status.st_mode)) {
    const int descriptor = ::open(real.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) return tl::unexpected(sentence(path, errno));
    return Output(path, "", descriptor);
  }
  std::string temporary = real + ".XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) return tl::unexpected(sentence(path, errno));
  remove_on_signal(temporary);
  ::fchmod(descriptor, exists ? status.st_mode & 07777 : usual_mode());
  Output output(real, temporary, descriptor);
  return output;
}

Output::~Output() {
  if (descriptor_ > STDERR_FILENO) ::close(descriptor_);
  if (temporary_.empty()) return;
  ::unlink(temporary_.c_str());
  keep_on_signal(temporary_);
}

void Output::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= portion) flush();
}

void Output::flush() {
  std::string_view rest = buffer_;
  while (error_ == 0 && !rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written >= 0)
      rest.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      error_ = errno;
  }
  buffer_.clear();
}

ExitStatus Output::finish(ExitStatus status) {
  flush();
  if (error_ == 0 && ::close(std::exchange(descriptor_, -1)) != 0) error_ = errno;
  if (error_ == 0 && !temporary_.empty()) {
    if (::rename(temporary_.c_str(), path_.c_str()) == 0) {
      keep_on_signal(temporary_);
      temporary_.clear();
    } else {
      error_ = errno;
    }
  }
  if (error_ == 0) return status;
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  if (error_ == EPIPE) end_by_closed_pipe();
  complain(sentence(path_, error_));
  return cannot;
}

}  // namespace assay::tool
