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
constexpr unsigned argument_percent = 60;

// Calls of x86_64 whose verdict depends on an argument, which one, and values it has.
struct Asked {
  std::uint32_t nr;
  std::size_t argument;
  std::array<std::uint64_t, 4> values;
};
constexpr std::uint64_t far = std::uint64_t{1} << 40;
constexpr std::array<Asked, 13> by_argument = {{
    {41, 0, {1, 2, 10, 16}},                           // socket
    {16, 1, {0x5401, 0x5413, 0x541b, 0x40049409}},     // ioctl
    {72, 1, {1, 3, 4, 1030}},                          // fcntl
    {157, 0, {4, 15, 38, 39}},                         // prctl
    {28, 2, {4, 8, 14, 15}},                           // madvise
    {9, 2, {0, 1, 3, 7}},                              // mmap
    {10, 2, {0, 1, 3, 5}},                             // mprotect
    {56, 0, {0x3d0f00, 0x11, 0x1200011, 0x7c020011}},  // clone
    {257, 2, {0, 0x80000, 0x241, 0x90800}},            // openat
    {0, 2, {1, 4096, 65536, far}},                     // read
    {8, 2, {0, 1, 2, 3}},                              // lseek
    {17, 3, {0, 4096, far, 16 * far}},                 // pread64
    {54, 2, {2, 9, 15, 20}},                           // setsockopt
}};
constexpr std::array<std::uint32_t, 12> plain = {1, 3, 5, 7, 11, 12, 20, 45, 202, 228, 232, 288};

std::uint64_t argument_of(const Asked& asked, std::mt19937& draw) {
  const std::uint64_t value = asked.values[draw() % asked.values.size()];
  switch (draw() % 16) {
    case 0: return value + 1;
    case 1: return value | std::uint64_t{draw()} << 32;
    case 2: return std::uint64_t{draw()} << 32 | draw();
    default: return value;
  }
}

}  // namespace

std::vector<seccomp::Words> argument_records() {
  std::mt19937 draw(2);
  std::vector<seccomp::Words> records(record_count);
  for (seccomp::Words& words : records) {
    seccomp::SeccompData data;
    data.arch = describe(seccomp::Arch::x86_64).audit;
    data.instruction_pointer = 0x7f0000000000 + draw() % 0x100000;
    for (std::uint64_t& arg : data.args) arg = 1 + draw() % 2;
    if (draw() % 100 < argument_percent) {
      const Asked& asked = by_argument[draw() % by_argument.size()];
      data.nr = asked.nr;
      data.args[asked.argument] = argument_of(asked, draw);
    } else {
      const bool random = draw() % 4 == 0;
      data.nr =
          random ? static_cast<std::uint32_t>(300 + draw() % 150) : plain[draw() % plain.size()];
    }
    words = seccomp::words(data, std::endian::little);
  }
  return records;
}

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
