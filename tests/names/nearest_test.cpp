#include "assay/names/nearest.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "assay/names/syscalls.hpp"

namespace assay::names {
namespace {

using Candidates = std::vector<std::string_view>;

struct Case {
  std::string name;
  Candidates candidates;
  std::optional<std::string_view> expected;
};

TEST(Nearest, FewestEditsWin) {
  const std::vector<Case> cases = {
      {"read", {"readv", "read"}, "read"},
      {"opnat", {"openat2", "openat"}, "openat"},
      {"opneat", {"openat2", "open_at", "openat"}, "openat"},  // a swap is one edit
      {"OPENAT", {"open", "openat"}, "openat"},
      {"abc", {"abd", "abe"}, "abd"},  // the first of equals
      {"ab", {"b", "xab"}, "b"},
      {"ab", {"cd"}, std::nullopt},
      {"zzzzzzzz", {"read", "write", "exit_group"}, std::nullopt},
      {"x", {"y"}, "y"},
      {"", {"a"}, std::nullopt},
      {"a", {}, std::nullopt},
      {"a", {""}, ""},
      {std::string(65, 'a'), {std::string_view("aaaa")}, std::nullopt},
      {std::string("re\0d", 4), {"read"}, "read"},
  };
  for (const Case& row : cases) {
    EXPECT_EQ(nearest(row.name, row.candidates), row.expected) << row.name;
  }
}

TEST(Nearest, LongCandidatesAreLeftOut) {
  const std::string near_enough(64, 'a');
  const std::string too_long(65, 'a');
  const Candidates candidates = {too_long, near_enough};
  EXPECT_EQ(nearest(std::string(64, 'a'), candidates), near_enough);
}

TEST(Nearest, EverySystemCallIsItsOwnNeighbour) {
  const auto names = all_syscall_names(seccomp::Arch::x86_64);
  for (const std::string_view name : names) EXPECT_EQ(nearest(name, names), name);
  EXPECT_EQ(nearest("getuuid", names), "getuid");
}

}  // namespace
}  // namespace assay::names
