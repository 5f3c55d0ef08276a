// How many of the 2^512 inputs: an exact number, and its logarithm for people.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace assay::symbolic {

class Count {
 public:
  constexpr Count() = default;
  static Count power_of_two(unsigned exponent);  // at most 512

  bool is_zero() const;
  double log2() const;  // minus infinity for zero
  std::string decimal() const;

  // Exact halves: for counts that are known to be even.
  Count halved() const;
  friend Count operator+(const Count& a, const Count& b);
  friend Count operator-(const Count& a, const Count& b);  // a >= b
  friend bool operator==(const Count&, const Count&) = default;
  friend bool operator<(const Count& a, const Count& b);

 private:
  std::array<std::uint64_t, 9> limbs_{};  // lowest first; 2^512 needs bit 512
};

}  // namespace assay::symbolic
