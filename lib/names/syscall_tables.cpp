#include "names/syscall_tables.hpp"

#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <set>
#include <utility>

#include "assay/names/syscalls.hpp"

namespace assay::names {
namespace {

using seccomp::Arch;
using Row = std::pair<std::uint32_t, std::string>;

// The first numbers of the ranges that an architecture uses; each is read to its end.
constexpr std::uint32_t range_length = 1024;  // the newest call of 2026 is at 471
constexpr std::uint32_t arm_private = 0xf0000;
constexpr std::uint32_t arm_private_length = 16;

// libseccomp also answers for numbers below the base, which no filter can see.
constexpr std::uint32_t base_of(Arch arch) {
  switch (arch) {
    case Arch::x32: return seccomp::x32_bit;
    case Arch::mips:
    case Arch::mipsel: return 4000;
    case Arch::mips64:
    case Arch::mipsel64: return 5000;
    case Arch::mips64n32:
    case Arch::mipsel64n32: return 6000;
    default: return 0;
  }
}

struct Free {
  void operator()(char* text) const { std::free(text); }
};

void read_range(std::uint32_t token, std::uint32_t first, std::uint32_t length,
                std::vector<Row>& rows) {
  for (std::uint32_t nr = first; nr < first + length; ++nr) {
    const std::unique_ptr<char, Free> name{
        seccomp_syscall_resolve_num_arch(token, static_cast<int>(nr))};
    if (name) rows.emplace_back(nr, name.get());
  }
}

// Empty for an architecture that the installed libseccomp does not know.
std::vector<Row> libseccomp_rows(Arch arch) {
  std::vector<Row> rows;
  const std::string token_name{seccomp::describe(arch).token};
  const std::uint32_t token = seccomp_arch_resolve_name(token_name.c_str());
  if (token == 0) return rows;
  read_range(token, base_of(arch), range_length, rows);
  if (arch == Arch::arm) read_range(token, arm_private, arm_private_length, rows);
  return rows;
}

// loongarch64 took the numbers of asm-generic/unistd.h, as aarch64 had, but for three calls
// that were obsolete by then. fstat and newfstatat came only in 6.11.
std::vector<Row> loongarch64_rows() {
  constexpr std::uint32_t first_new = 277;  // seccomp; the data file goes on from here
  constexpr auto absent = std::to_array<std::string_view>({"getrlimit", "renameat", "setrlimit"});
  std::vector<Row> rows = libseccomp_rows(Arch::aarch64);
  std::erase_if(rows, [&](const Row& row) {
    return row.first >= first_new ||
           std::find(absent.begin(), absent.end(), row.second) != absent.end();
  });
  return rows;
}

// What the data file adds: names and numbers that libseccomp has neither of.
void add_new_rows(Arch arch, std::vector<Row>& rows) {
  std::set<std::uint32_t> numbers;
  std::set<std::string, std::less<>> names;
  for (const auto& [nr, name] : rows) {
    numbers.insert(nr);
    names.insert(name);
  }
  for (const NewSyscall& call : new_syscalls()) {
    const auto nr = call.number(arch);
    if (!nr || numbers.contains(*nr) || names.contains(call.name)) continue;
    rows.emplace_back(*nr, call.name);
    numbers.insert(*nr);
    names.emplace(call.name);
  }
}

// In rows that rise by number.
bool is_among(const std::vector<Row>& rows, const std::pair<std::string_view, std::uint32_t>& row) {
  const auto at = std::lower_bound(rows.begin(), rows.end(), row.second,
                                   [](const Row& a, std::uint32_t nr) { return a.first < nr; });
  return at != rows.end() && at->first == row.second && at->second == row.first;
}

std::optional<std::uint32_t> find(
    const std::vector<std::pair<std::string_view, std::uint32_t>>& by_name, std::string_view name) {
  const auto row = std::lower_bound(by_name.begin(), by_name.end(), name,
                                    [](const auto& a, std::string_view b) { return a.first < b; });
  if (row == by_name.end() || row->first != name) return std::nullopt;
  return row->second;
}

template <Arch arch>
const SyscallTable& only_table() {
  static const SyscallTable table(arch);
  return table;
}

using Getter = const SyscallTable& (*)();

template <std::size_t... indices>
constexpr auto getters(std::index_sequence<indices...>) {
  return std::array<Getter, sizeof...(indices)>{&only_table<static_cast<Arch>(indices)>...};
}

}  // namespace

SyscallTable::SyscallTable(Arch arch) : by_number_(libseccomp_rows(arch)) {
  full_ = !by_number_.empty();
  const std::vector<Row> given = by_number_;
  if (!full_ && arch == Arch::loongarch64) by_number_ = loongarch64_rows();
  add_new_rows(arch, by_number_);
  std::sort(by_number_.begin(), by_number_.end());
  for (const auto& [nr, name] : by_number_) {
    names_.emplace_back(name);
    by_name_.emplace_back(name, nr);
  }
  std::sort(by_name_.begin(), by_name_.end());
  for (const auto& row : by_name_)
    if (is_among(given, row)) libseccomp_.push_back(row);
}

std::optional<std::uint32_t> SyscallTable::number(std::string_view name) const {
  return find(by_name_, name);
}

std::optional<std::uint32_t> SyscallTable::libseccomp_number(std::string_view name) const {
  return find(libseccomp_, name);
}

std::optional<std::string_view> SyscallTable::name(std::uint32_t nr) const {
  const auto row = std::lower_bound(by_number_.begin(), by_number_.end(), nr,
                                    [](const auto& a, std::uint32_t b) { return a.first < b; });
  if (row == by_number_.end() || row->first != nr) return std::nullopt;
  return row->second;
}

const SyscallTable& syscall_table(Arch arch) {
  static constexpr auto tables = getters(std::make_index_sequence<seccomp::arches.size()>{});
  return tables[static_cast<std::size_t>(arch)]();
}

}  // namespace assay::names
