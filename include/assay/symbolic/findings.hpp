// What is odd about a program's meaning, over all inputs: parts that look alive and are not,
// comparisons of what was left in a register, 64-bit arguments of which half is looked at.
// None of it is an error by itself; each is exact, and says where.
//
//   const auto findings = findings_of(manager, program, analysis, semantics);
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "assay/seccomp/arch.hpp"
#include "assay/symbolic/analysis.hpp"

namespace assay::symbolic {

enum class FindingKind : std::uint8_t {
  NeverReached,  // paths lead to the instruction, and no input takes one
  NeverHolds,    // the condition of a branch fails for all inputs that get there
  AlwaysHolds,
  MixedSources,     // a comparison of different words, depending on the path
  LowHalfOnly,      // all of an argument's low word matters, nothing of its high word
  HighHalfIgnored,  // the high word matters, but not for some values of the low word
};

enum class Register : std::uint8_t { A, X };

struct Finding {
  FindingKind kind{};
  std::size_t insn = 0;
  std::size_t count = 1;              // NeverReached: length of the run from insn on
  Register held_by{};                 // MixedSources
  Provenance sources;                 // MixedSources
  std::size_t argument = 0;           // ..Half..: 0 to 5
  std::vector<seccomp::Arch> arches;  // ..Half..
  friend bool operator==(const Finding&, const Finding&) = default;
};

// In the order of the instructions; of one instruction, in the order of FindingKind. Halves
// are looked at for the 64-bit architectures that seccomp/arch.hpp knows.
tl::expected<std::vector<Finding>, NotDecided> findings_of(Manager& manager,
                                                           const verify::Program& program,
                                                           const Analysis& analysis,
                                                           const seccomp::Semantics& semantics);

// Those of an unreachable or one-sided kind, for who has only yes and no for each place:
// passed says whether some input passes it.
std::vector<Finding> dead_parts(const verify::Program& program,
                                const std::function<bool(std::size_t pc)>& reached,
                                const std::function<bool(const Analysis::Edge&)>& passed);

// The identifier used in reports: "never-reached".
std::string_view name(FindingKind kind);

}  // namespace assay::symbolic
