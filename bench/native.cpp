#include "bench/native.hpp"

#include <initializer_list>

namespace assay::bench {
namespace {

constexpr std::uint32_t allow = 0x7fff0000;
constexpr std::uint32_t refuse = 0x00050001;
constexpr std::uint32_t kill_thread = 0;
constexpr std::uint32_t x86_64 = 0xc000003e;
constexpr std::uint32_t x32_bit = 0x40000000;
constexpr std::uint64_t far = std::uint64_t{1} << 40;

bool is_plain(std::uint32_t nr) {
  switch (nr) {
    case 1:
    case 3:
    case 5:
    case 7:
    case 11:
    case 12:
    case 13:
    case 14:
    case 15:
    case 19:
    case 20:
    case 24:
    case 35:
    case 39:
    case 44:
    case 45:
    case 46:
    case 47:
    case 48:
    case 49:
    case 50:
    case 51:
    case 60:
    case 61:
    case 63:
    case 79:
    case 96:
    case 102:
    case 202:
    case 228:
    case 231:
    case 232:
    case 233:
    case 288:
    case 293:
    case 318: return true;
    default: return false;
  }
}

bool in(std::uint64_t value, std::initializer_list<std::uint64_t> values) {
  for (const std::uint64_t one : values)
    if (value == one) return true;
  return false;
}

}  // namespace

std::uint32_t arguments_as_native_code(const seccomp::Words& words) {
  if (words[1] != x86_64) return kill_thread;
  const std::uint32_t nr = words[0];
  if (nr >= x32_bit && nr != ~0U) return kill_thread;
  const auto arg = [&](std::size_t i) {
    return std::uint64_t{words[5 + 2 * i]} << 32 | words[4 + 2 * i];
  };
  bool allowed = false;
  switch (nr) {
    case 41: allowed = in(arg(0), {1, 2, 10, 16}); break;
    case 16:
      allowed = in(arg(1), {0x5401, 0x5402, 0x5413, 0x541b, 0x5421, 0x5450, 0x5451, 0x8912, 0x8927,
                            0x40049409});
      break;
    case 72: allowed = in(arg(1), {0, 1, 2, 3, 4, 5, 6, 7, 1030}); break;
    case 157: allowed = in(arg(0), {3, 4, 15, 16, 38, 39}); break;
    case 28: allowed = in(arg(2), {0, 1, 2, 3, 4, 8, 14, 15}); break;
    case 9: allowed = (arg(2) & ~std::uint64_t{3}) == 0; break;
    case 10: allowed = (arg(2) & 4) == 0; break;
    case 56: allowed = (arg(0) & 0x7e020000) == 0; break;
    case 257: allowed = (arg(2) & 3) == 0; break;
    case 0: allowed = arg(2) <= far; break;
    case 8: allowed = arg(2) < 3; break;
    case 17: allowed = arg(2) <= far && arg(3) < 16 * far; break;
    case 54: allowed = arg(1) == 1 && arg(2) <= 15; break;
    default: allowed = is_plain(nr); break;
  }
  return allowed ? allow : refuse;
}

}  // namespace assay::bench
