#include "bench/records.hpp"

#include <array>
#include <random>

#include "assay/seccomp/arch.hpp"

namespace assay::bench {
namespace {

// Of x86_64: read write close fstat poll lseek mmap mprotect munmap brk rt_sigaction
// rt_sigprocmask ioctl readv recvfrom, futex epoll_wait openat accept4, and socket, whose
// verdict depends on an argument.
constexpr std::array<std::uint32_t, 20> frequent = {0,  1,  3,  5,  7,  8,   9,   10,  11,  12,
                                                    13, 14, 16, 19, 45, 202, 232, 257, 288, 41};
constexpr unsigned frequent_percent = 60;
constexpr unsigned i386_percent = 5;
constexpr unsigned random_numbers = 450;

}  // namespace

std::vector<seccomp::Words> mixed_records() {
  std::mt19937 draw(1);  // its numbers are fixed by the standard, those of distributions not
  const auto percent = [&draw] { return draw() % 100; };
  std::vector<seccomp::Words> records(record_count);
  for (seccomp::Words& words : records) {
    seccomp::SeccompData data;
    data.nr = percent() < frequent_percent ? frequent[draw() % frequent.size()]
                                           : static_cast<std::uint32_t>(draw() % random_numbers);
    const bool i386 = percent() < i386_percent;
    data.arch = describe(i386 ? seccomp::Arch::x86 : seccomp::Arch::x86_64).audit;
    data.instruction_pointer = 0x7f0000000000 + draw() % 0x100000;
    for (std::uint64_t& arg : data.args) arg = draw() % 64;
    words = seccomp::words(data, std::endian::little);
  }
  return records;
}

std::vector<seccomp::Words> byte_swapped(const std::vector<seccomp::Words>& records) {
  std::vector<seccomp::Words> swapped = records;
  for (seccomp::Words& words : swapped)
    for (std::uint32_t& word : words) word = __builtin_bswap32(word);
  return swapped;
}

}  // namespace assay::bench
