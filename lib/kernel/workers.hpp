// An oracle's children, and the road of a question to one of them.
//
// The guarded child stands under the sentinel and is started at once, since it shows what the
// machine can do; the bare one, for what must not be under it, when it is first needed.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "assay/kernel/oracle.hpp"
#include "kernel/worker.hpp"

namespace assay::kernel {

// Whether a program loads the instruction pointer.
bool reads_pointer(const verify::Program& program);

class Oracle::Workers {
 public:
  Workers(Worker guarded, OracleLimits limits) : limits_(limits) {
    guarded_.worker.emplace(std::move(guarded));
  }

  // A child and what is known about it.
  struct Station {
    Worker::Guard guard;
    std::optional<Worker> worker{};
    std::unordered_map<std::uint64_t, bool> mapped{};  // page: whether it is ours
  };
  Station& guarded() { return guarded_; }
  Station& bare() { return bare_; }

  // The station's child, a new one if it was lost.
  tl::expected<Worker*, Failure> ready(Station& station);
  tl::expected<void, Failure> ask(Station& station, Task task, std::size_t count);

  // Lays out a call for each record that can be asked, in area.calls; their places in
  // `records`. Why the others cannot is written to `reasons`.
  tl::expected<std::vector<std::size_t>, Failure> place_calls(
      Station& station, std::span<const seccomp::SeccompData> records, bool pointer_matters,
      std::vector<std::optional<NotAskable>>& reasons);

 private:
  std::optional<NotAskable> obstacle(const Station& station, const seccomp::SeccompData& record,
                                     bool pointer_matters);
  // Makes the code pages of the pointers; afterwards has_code() answers for them.
  tl::expected<void, Failure> map(Station& station, std::span<const seccomp::SeccompData> records);
  static bool has_code(const Station& station, std::uint64_t pointer);
  tl::expected<void, Failure> map_pages(Station& station, std::span<const std::uint64_t> pages);
  tl::expected<void, Failure> unmap_all(Station& station);
  bool narrow_calls();

  Station guarded_{Worker::Guard::Sentinel};
  Station bare_{Worker::Guard::None};
  OracleLimits limits_;
  std::optional<bool> narrow_;  // whether the kernel has the 32-bit ABI
};

}  // namespace assay::kernel
