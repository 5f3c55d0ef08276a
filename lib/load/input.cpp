#include "assay/load/input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace assay::load {
namespace {

InputError unreadable(std::string_view name, int error) {
  return {.kind = InputErrorKind::Unreadable,
          .file = std::string(name),
          .error = error,
          .found{},
          .expected{},
          .suggestion{}};
}

}  // namespace

std::string describe(const InputError& error) {
  std::string text = printable(error.file) + ": ";
  if (error.line > 0) {
    text += "line " + std::to_string(error.line);
    if (error.column > 0) text += ", column " + std::to_string(error.column);
    text += ": ";
  } else if (error.kind == InputErrorKind::Malformed || error.kind == InputErrorKind::TooLarge) {
    text += "byte " + std::to_string(error.offset) + ": ";
  }
  const bool refused =
      error.kind == InputErrorKind::NoProcess || error.kind == InputErrorKind::Machine;
  if (!error.found.empty()) text += (refused ? "" : "found ") + error.found;
  if (!error.expected.empty()) {
    text += error.found.empty() ? "expected " : ", expected ";
    text += error.expected;
  }
  if (error.error != 0) {
    if (!error.found.empty()) text += ": ";
    text += std::generic_category().message(error.error);
  }
  if (!error.suggestion.empty()) text += "; did you mean '" + error.suggestion + "'?";
  return text;
}

tl::expected<InputFile, InputError> InputFile::open(std::string_view name) {
  const std::string path(name);
  const int descriptor = path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                     : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) return tl::unexpected(unreadable(name, errno));
  return InputFile(path, descriptor);
}

InputFile::InputFile(InputFile&& other) noexcept
    : name_(std::move(other.name_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

tl::expected<std::size_t, InputError> InputFile::read(char* to, std::size_t size) {
  while (true) {
    const ssize_t got = ::read(descriptor_, to, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return tl::unexpected(unreadable(name_, errno));
  }
}

std::uint64_t InputFile::known_size() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  return static_cast<std::uint64_t>(status.st_size);
}

tl::expected<std::string, InputError> read_up_to(InputFile& file, std::size_t limit) {
  constexpr std::size_t portion = 65536;
  std::string bytes;
  while (bytes.size() <= limit) {
    const std::size_t before = bytes.size();
    bytes.resize(before + std::min(portion, limit + 1 - before));
    const auto got = file.read(bytes.data() + before, bytes.size() - before);
    if (!got) return tl::unexpected(got.error());
    bytes.resize(before + *got);
    if (*got == 0) break;
  }
  return bytes;
}

}  // namespace assay::load
