// How far a long job is, on a terminal: one line on stderr, drawn a few times a second.
#pragma once

#include <chrono>
#include <cstdint>

namespace assay::tool {

class Progress {
 public:
  // Of that many bytes or items; nothing is drawn for 0, when silent, or without a terminal.
  Progress(std::uint64_t total, bool silent);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::uint64_t done);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  std::uint64_t total_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point next_ = start_;
};

}  // namespace assay::tool
