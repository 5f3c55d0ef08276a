// Asks the tables for a system call's number.
#include <assay/names/syscalls.hpp>
#include <cstdio>

int main() {
  const auto number = assay::names::syscall_number(assay::seccomp::Arch::x86_64, "openat");
  std::printf("%u\n", number.value_or(0));
}
