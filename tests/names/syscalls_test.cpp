#include "assay/names/syscalls.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "names/header_defines.hpp"

namespace assay::names {
namespace {

using seccomp::Arch;

struct Case {
  Arch arch;
  std::string_view name;
  std::optional<std::uint32_t> nr;
};

TEST(Syscalls, NumbersAreThoseThatAFilterSees) {
  const Case cases[] = {
      {Arch::x86_64, "read", 0},
      {Arch::x86_64, "openat", 257},
      {Arch::x86_64, "socketcall", {}},
      {Arch::x86_64, "waitpid", {}},
      {Arch::x86, "socketcall", 102},
      {Arch::x86, "socket", 359},  // not the pseudo number of libseccomp
      {Arch::x86, "accept", {}},   // only through socketcall
      {Arch::x86, "send", {}},
      {Arch::x86, "semget", 393},
      {Arch::x86, "semop", {}},  // only through ipc
      {Arch::x86, "arch_prctl", 384},
      {Arch::s390x, "socket", 359},
      {Arch::s390x, "semtimedop", 392},
      {Arch::ppc64le, "socket", 326},
      {Arch::x32, "read", 0x40000000},
      {Arch::x32, "execveat", 0x40000000 + 545},
      {Arch::x32, "listns", 0x40000000 + 470},
      {Arch::mips, "read", 4003},
      {Arch::mipsel, "listns", 4470},
      {Arch::mips64, "read", 5000},
      {Arch::mips64n32, "read", 6000},
      {Arch::mipsel64n32, "mseal", 6462},
      {Arch::arm, "set_tls", 0xf0005},
      {Arch::arm, "get_tls", 0xf0006},
      {Arch::arm, "socket", 281},
      {Arch::aarch64, "openat", 56},
      {Arch::aarch64, "open", {}},
      {Arch::riscv64, "riscv_hwprobe", 258},
      {Arch::loongarch64, "openat", 56},
      {Arch::loongarch64, "renameat", {}},
      {Arch::loongarch64, "renameat2", 276},
      {Arch::loongarch64, "statx", 291},
      {Arch::m68k, "futex_time64", 422},
      {Arch::m68k, "get_tls", {}},
      {Arch::parisc64, "futex_time64", {}},
      {Arch::parisc64, "mseal", 462},
      {Arch::alpha, "pidfd_send_signal", 534},
      {Arch::ia64, "pidfd_send_signal", 1448},
      {Arch::x86_64, "uretprobe", 335},
      {Arch::x86_64, "uprobe", 336},
      {Arch::x86_64, "rseq_slice_yield", 471},
      {Arch::x86_64, "", {}},
      {Arch::x86_64, "READ", {}},
      {Arch::x86_64, std::string_view("read\0x", 6), {}},
  };
  for (const Case& row : cases) {
    const auto token = seccomp::describe(row.arch).token;
    EXPECT_EQ(syscall_number(row.arch, row.name), row.nr) << token << ' ' << row.name;
    if (row.nr) {
      EXPECT_EQ(syscall_name(row.arch, *row.nr), row.name) << token << ' ' << *row.nr;
    }
  }
}

TEST(Syscalls, NumbersOfNobodyHaveNoName) {
  for (const std::uint32_t nr : {0x40000000U, 0xffffffffU, 0x80000000U, 512U, 4003U, 387U}) {
    EXPECT_EQ(syscall_name(Arch::x86_64, nr), std::nullopt) << nr;
  }
  // libseccomp would answer for these, but no filter sees them so.
  EXPECT_EQ(syscall_name(Arch::mips, 3), std::nullopt);
  EXPECT_EQ(syscall_name(Arch::x32, 0), std::nullopt);
  EXPECT_EQ(syscall_name(Arch::x86, static_cast<std::uint32_t>(-101)), std::nullopt);
}

TEST(Syscalls, EveryTableIsOneToOneAndSorted) {
  for (const auto& info : seccomp::arches) {
    const auto names = all_syscall_names(info.arch);
    std::optional<std::uint32_t> last;
    std::set<std::string_view> seen;
    for (const std::string_view name : names) {
      const auto nr = syscall_number(info.arch, name);
      ASSERT_TRUE(nr) << info.token << ' ' << name;
      EXPECT_EQ(syscall_name(info.arch, *nr), name) << info.token;
      EXPECT_TRUE(!last || *last < *nr) << info.token << ' ' << name;
      EXPECT_TRUE(seen.insert(name).second) << info.token << ' ' << name;
      EXPECT_EQ(*nr & info.nr_bit, info.nr_bit) << info.token << ' ' << name;
      last = nr;
    }
    EXPECT_GE(names.size(), has_full_table(info.arch) ? 300U : 45U) << info.token;
  }
  EXPECT_GE(all_syscall_names(Arch::loongarch64).size(), 300U);
}

TEST(Syscalls, AnyArchitectureWillDo) {
  for (const char* name : {"read", "socketcall", "set_tls", "s390_pci_mmio_read", "listns"}) {
    EXPECT_TRUE(is_syscall(name)) << name;
  }
  for (const char* name : {"", "nosuchcall", "SYS_read", "__NR_read"}) {
    EXPECT_FALSE(is_syscall(name)) << name;
  }
}

TEST(Syscalls, TablesMayBeFirstUsedByManyThreads) {
  std::vector<std::size_t> sizes(8);
  std::vector<std::thread> threads;
  for (std::size_t& size : sizes) {
    threads.emplace_back([&size] {
      for (const auto& info : seccomp::arches) size += all_syscall_names(info.arch).size();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set(sizes.begin(), sizes.end()).size(), 1U);
}

struct Header {
  Arch arch;
  const char* file;
  std::size_t at_least;
  // What the file has under conditions that do not hold for the architecture.
  std::set<std::string> absent;
};

constexpr const char* generic = "/usr/include/asm-generic/unistd.h";
constexpr const char* x86_folder = "/usr/include/x86_64-linux-gnu/asm/";

TEST(Syscalls, AgreeWithTheInstalledHeaders) {
  const std::set<std::string> old = {"arch_specific_syscall", "syscalls", "sync_file_range2"};
  const auto with = [&](std::set<std::string> more) {
    more.insert(old.begin(), old.end());
    return more;
  };
  const Header headers[] = {
      {Arch::x86_64, "unistd_64.h", 360, {}},
      {Arch::x86, "unistd_32.h", 430, {}},
      {Arch::x32, "unistd_x32.h", 340, {}},
      {Arch::aarch64, generic, 250, with({})},
      {Arch::riscv64, generic, 250, with({"renameat"})},
      {Arch::loongarch64, generic, 250, with({"renameat", "getrlimit", "setrlimit"})},
  };
  for (const Header& header : headers) {
    const bool is_generic = header.file == generic;
    const std::string file = is_generic ? generic : std::string(x86_folder) + header.file;
    const auto defines = header_defines(file, "__NR_");
    if (defines.empty()) GTEST_SKIP() << file << " is not installed";
    std::size_t compared = 0;
    for (const auto& [name, nr] : defines) {
      const bool time64 = is_generic && nr >= 403 && nr <= 423;  // for 32-bit machines
      if (time64 || header.absent.contains(name)) {
        EXPECT_EQ(syscall_number(header.arch, name), std::nullopt) << file << ' ' << name;
        continue;
      }
      EXPECT_EQ(syscall_number(header.arch, name), nr) << file << ' ' << name;
      EXPECT_EQ(syscall_name(header.arch, nr), name) << file;
      ++compared;
    }
    EXPECT_GE(compared, header.at_least) << file;
  }
}

TEST(Syscalls, SayWhatTheInstalledLibseccompAloneHas) {
  EXPECT_EQ(libseccomp_number(Arch::x86_64, "openat"), 257U);
  EXPECT_EQ(libseccomp_number(Arch::x32, "openat"), seccomp::x32_bit | 257U);
  EXPECT_FALSE(libseccomp_number(Arch::x86_64, "socketcall"));
  EXPECT_TRUE(libseccomp_knows("socketcall"));
  EXPECT_FALSE(libseccomp_knows("no_such_call"));
  for (const seccomp::ArchInfo& arch : seccomp::arches)
    for (const std::string_view call : all_syscall_names(arch.arch))
      if (const auto nr = libseccomp_number(arch.arch, call)) {
        EXPECT_EQ(nr, syscall_number(arch.arch, call)) << arch.token << ' ' << call;
      }
}

}  // namespace
}  // namespace assay::names
