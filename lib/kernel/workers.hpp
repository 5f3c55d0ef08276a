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

// What decides how a record can be asked: the words of seccomp_data that programs load.
class WordsRead {
 public:
  WordsRead() = default;
  explicit WordsRead(const verify::Program& program);
  static WordsRead all() { return WordsRead(0xffff); }
  WordsRead operator|(WordsRead other) const { return WordsRead(bits_ | other.bits_); }
  WordsRead with_pointer() const { return WordsRead(bits_ | pointer_bits); }
  bool pointer() const { return (bits_ & pointer_bits) != 0; }
  std::uint32_t bits() const { return bits_; }  // bit w: word w

 private:
  static constexpr std::uint32_t pointer_bits = 1U << 2 | 1U << 3;
  explicit WordsRead(std::uint32_t bits) : bits_(bits) {}
  std::uint32_t bits_ = 0;
};

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
      Station& station, std::span<const seccomp::SeccompData> records, WordsRead read,
      std::vector<std::optional<NotAskable>>& reasons);

  // instruction_pointer of calls by 32-bit code; 0: they cannot be made.
  std::uint64_t compat_pointer(Station& station);

 private:
  std::optional<NotAskable> obstacle(const Station& station, const seccomp::SeccompData& record,
                                     bool pointer_matters);
  // Makes the code pages of the pointers; afterwards has_code() answers for them.
  tl::expected<void, Failure> map(Station& station, std::span<const seccomp::SeccompData> records);
  static bool has_code(const Station& station, std::uint64_t pointer);
  tl::expected<void, Failure> map_pages(Station& station, std::span<const std::uint64_t> pages);
  tl::expected<void, Failure> unmap_all(Station& station);
  bool narrow_calls();
  bool compat_calls();
  // The errno of one call under the sentinel and, if there is one, a filter.
  std::optional<int> try_call(const ProbeCall& call, std::span<const bpf::Instruction> filter);

  Station guarded_{Worker::Guard::Sentinel};
  Station bare_{Worker::Guard::None};
  OracleLimits limits_;
  std::optional<bool> narrow_;  // whether the kernel has the 32-bit ABI
  std::optional<bool> compat_;  // whether 32-bit code enters it as told
};

}  // namespace assay::kernel
