#include "assay/symbolic/count.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::symbolic {

Count Count::power_of_two(unsigned exponent) {
  Count result;
  result.limbs_[exponent / 64] = std::uint64_t{1} << exponent % 64;
  return result;
}

bool Count::is_zero() const { return *this == Count{}; }

double Count::log2() const {
  // The two highest limbs hold all the digits that a double can.
  for (std::size_t i = limbs_.size(); i-- > 0;) {
    if (limbs_[i] == 0) continue;
    const double below = i > 0 ? static_cast<double>(limbs_[i - 1]) / 0x1p64 : 0;
    return std::log2(static_cast<double>(limbs_[i]) + below) + 64.0 * static_cast<double>(i);
  }
  return -std::numeric_limits<double>::infinity();
}

std::string Count::decimal() const {
  if (is_zero()) return "0";
  std::string digits;
  Count rest = *this;
  while (!rest.is_zero()) {
    std::uint64_t remainder = 0;
    for (std::size_t i = limbs_.size(); i-- > 0;) {
      // In two halves of 32 bits, so that the dividend fits.
      const std::uint64_t high = remainder << 32 | rest.limbs_[i] >> 32;
      const std::uint64_t low = (high % 10) << 32 | (rest.limbs_[i] & 0xffffffff);
      rest.limbs_[i] = (high / 10) << 32 | low / 10;
      remainder = low % 10;
    }
    digits.push_back(static_cast<char>('0' + remainder));
  }
  std::reverse(digits.begin(), digits.end());
  return digits;
}

Count Count::halved() const {
  Count result;
  for (std::size_t i = 0; i < limbs_.size(); ++i) {
    result.limbs_[i] = limbs_[i] >> 1;
    if (i + 1 < limbs_.size()) result.limbs_[i] |= limbs_[i + 1] << 63;
  }
  return result;
}

Count operator+(const Count& a, const Count& b) {
  Count result;
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < a.limbs_.size(); ++i) {
    const std::uint64_t sum = a.limbs_[i] + b.limbs_[i];
    result.limbs_[i] = sum + carry;
    carry = static_cast<std::uint64_t>(sum < a.limbs_[i] || result.limbs_[i] < sum);
  }
  return result;
}

Count operator-(const Count& a, const Count& b) {
  Count result;
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < a.limbs_.size(); ++i) {
    const std::uint64_t difference = a.limbs_[i] - b.limbs_[i];
    result.limbs_[i] = difference - borrow;
    borrow = static_cast<std::uint64_t>(a.limbs_[i] < b.limbs_[i] || difference < borrow);
  }
  return result;
}

bool operator<(const Count& a, const Count& b) {
  return std::lexicographical_compare(a.limbs_.rbegin(), a.limbs_.rend(), b.limbs_.rbegin(),
                                      b.limbs_.rend());
}

}  // namespace assay::symbolic
