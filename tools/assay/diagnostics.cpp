#include "diagnostics.hpp"

#include <unistd.h>

#include <array>
#include <cstdlib>

namespace assay::tool {
namespace {

constexpr std::array<std::string_view, 4> escapes{"\033[32m", "\033[31m", "\033[33m", "\033[2m"};

}  // namespace

void complain(std::string_view sentence) {
  std::string line = "assay: ";
  line += sentence;
  line += '\n';
  (void)!::write(STDERR_FILENO, line.data(), line.size());
}

ExitStatus complain_of_usage(std::string_view command, std::string_view sentence) {
  std::string line = command.empty() ? "" : std::string(command) + ": ";
  line += sentence;
  line +=
      command.empty() ? " (see assay --help)" : " (see assay " + std::string(command) + " --help)";
  complain(line);
  return bad_usage;
}

void give_up(std::string_view sentence) {
  complain("internal error: " + std::string(sentence) + "; please report it with the input");
  std::abort();
}

std::string Paint::operator()(Shade shade, std::string_view text) const {
  if (!on_) return std::string(text);
  return std::string(escapes[static_cast<std::size_t>(shade)]) + std::string(text) + "\033[0m";
}

}  // namespace assay::tool
