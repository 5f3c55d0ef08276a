// The source of everything drawn: numbers that depend on (seed, index) alone, or on bytes.
//
// The n-th number is a hash of (seed, index, n), so that case 7,000,000 of a campaign is
// had without the cases before it, on any machine and with any compiler (the standard
// library's distributions promise neither). Cheap to make: one for each case. Not shared
// between threads.
//
// Of bytes, as a fuzzer hands them out, each draw takes the next few, so that a change of some
// bytes leaves what was drawn before them as it was; where they end, a fixed sequence follows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>

namespace assay::sample {

class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t index) : state_(mix(mix(seed + step) + index)) {}

  // The bytes are to outlive it.
  explicit Random(std::span<const std::uint8_t> bytes) : state_(mix(step)), bytes_(bytes) {}

  std::uint64_t next() { return bytes_.empty() ? mix(state_ += step) : take(8); }
  std::uint32_t bits() {
    return static_cast<std::uint32_t>(bytes_.empty() ? next() >> 32 : take(4));
  }

  // 0 to bound - 1; bound is not 0.
  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>((std::uint64_t{bits()} * bound) >> 32);
  }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

  // An element of what is not empty.
  template <class Choices>
  const auto& pick(const Choices& choices) {
    return std::data(choices)[below(static_cast<std::uint32_t>(std::size(choices)))];
  }

 private:
  // SplitMix64.
  static constexpr std::uint64_t step = 0x9e3779b97f4a7c15;
  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // The first byte is the highest: it says the most about which of few was drawn. Of the last
  // bytes, those that lack are 0.
  std::uint64_t take(std::size_t count) {
    std::uint64_t result = 0;
    for (std::size_t i = 0; i < count; ++i)
      result = result << 8 | (i < bytes_.size() ? bytes_[i] : 0U);
    bytes_ = bytes_.subspan(count < bytes_.size() ? count : bytes_.size());
    return result;
  }

  std::uint64_t state_;
  std::span<const std::uint8_t> bytes_;
};

}  // namespace assay::sample
