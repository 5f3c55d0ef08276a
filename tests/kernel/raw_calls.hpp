// Calls that tests make to the kernel themselves, without our libraries and without glibc's
// wrappers where these would make other calls or look at the result.
#pragma once

#include <linux/filter.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <vector>

#include "assay/bpf/instruction.hpp"

namespace assay::kernel::test {

using Filter = std::vector<bpf::Instruction>;

inline constexpr std::uint32_t allow = 0x7fff0000;
inline constexpr unsigned strict_op = 0;
inline constexpr unsigned filter_op = 1;
inline constexpr int own_number = 0x5001;  // of no system call

// For one number, what stands there; everything else is allowed.
inline Filter on(std::uint32_t nr, std::uint32_t value) {
  return {{0x20, 0, 0, 0}, {0x15, 0, 1, nr}, {0x06, 0, 0, value}, {0x06, 0, 0, allow}};
}

inline long call(unsigned long op, unsigned long flags, const void* argument) {
  const long result = syscall(SYS_seccomp, op, flags, argument);
  return result < 0 ? -errno : result;
}

struct Fprog {
  sock_fprog program{};
  explicit Fprog(const Filter& filter)
      : program{static_cast<unsigned short>(filter.size()),
                reinterpret_cast<sock_filter*>(const_cast<bpf::Instruction*>(filter.data()))} {}
};

inline long install(const Filter& filter, unsigned long flags = 0) {
  const Fprog fprog(filter);
  return call(filter_op, flags, &fprog.program);
}

inline void no_new_privs() { prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }

inline long wide(long nr, long a = -1) {
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "0"(nr), "D"(a), "S"(0L), "d"(0L)
               : "rcx", "r11", "memory");
  return result;
}

inline long narrow(long nr, long a = -1) {
  long result;
  asm volatile("int $0x80"
               : "=a"(result)
               : "0"(nr), "b"(a), "c"(0L), "d"(0L)
               : "r8", "r9", "r10", "r11", "memory");
  return result;
}

// Whether this kernel knows int 0x80.
bool has_narrow_calls();

}  // namespace assay::kernel::test
