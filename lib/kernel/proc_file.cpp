#include "kernel/proc_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace assay::kernel {

tl::expected<std::string, int> read_file(const std::filesystem::path& path, std::size_t limit) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return tl::unexpected(errno);
  std::string content(limit, '\0');
  std::size_t used = 0;
  int error = 0;
  while (used < limit) {
    const ssize_t got = read(fd, content.data() + used, limit - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) error = errno;
    if (got <= 0) break;
    used += static_cast<std::size_t>(got);
  }
  close(fd);
  if (error != 0) return tl::unexpected(error);
  content.resize(used);
  return content;
}

std::string read_link(const std::filesystem::path& path) {
  std::string target(4096, '\0');
  const ssize_t length = readlink(path.c_str(), target.data(), target.size());
  target.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
  return target;
}

std::optional<std::uint32_t> decimal(std::string_view text) {
  std::uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return {};
  return value;
}

tl::expected<std::vector<int>, int> ids_in(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<int> ids;
  std::filesystem::directory_iterator entry(folder, error);
  while (!error && entry != std::filesystem::directory_iterator()) {
    const auto id = decimal(entry->path().filename().native());
    if (id && *id > 0 && *id <= 0x7fffffff) ids.push_back(static_cast<int>(*id));
    entry.increment(error);
  }
  if (error) return tl::unexpected(error.value());
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace assay::kernel
