#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace assay::tool {
namespace {

void draw(const std::string& text) { (void)!::write(STDERR_FILENO, text.data(), text.size()); }

}  // namespace

Progress::Progress(std::uint64_t total, bool silent)
    : total_(!silent && ::isatty(STDERR_FILENO) == 1 ? total : 0) {}

void Progress::show(std::uint64_t done) {
  if (total_ == 0) return;
  const auto now = Clock::now();
  constexpr std::chrono::milliseconds patience{500};
  if (now < next_ || now - start_ < patience) return;
  next_ = now + std::chrono::milliseconds(200);
  constexpr std::size_t width = 40;
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
  const auto filled = static_cast<std::size_t>(share * width);
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const auto left = share > 0 ? std::lround(seconds / share - seconds) : 0L;
  std::string percent = std::to_string(static_cast<unsigned>(share * 100));
  percent.insert(0, 3 - percent.size(), ' ');
  draw("\r[" + std::string(filled, '#') + std::string(width - filled, '.') + "] " + percent +
       " %, " + std::to_string(left) + " s left \033[K");
  drawn_ = true;
}

void Progress::clear() {
  if (drawn_) draw("\r\033[K");
  drawn_ = false;
}

}  // namespace assay::tool
