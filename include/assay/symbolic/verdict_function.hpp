// The exact meaning of a filter: its verdict as a function of all 512 bits of the input.
//
// Equal meanings are one handle within a manager; a difference is a Condition, with a witness
// and a count. Normalised (the default) the leaves are Verdict::normalised() values, so that
// what nobody can see does not count; exact they are all 32 bits. May take more than the
// manager's budget: then the answer is NotDecided, never a guess.
#pragma once

#include <functional>
#include <span>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "assay/seccomp/verdict.hpp"
#include "assay/symbolic/condition.hpp"
#include "assay/verify/program.hpp"

namespace assay::symbolic {

enum class Precision : std::uint8_t { Normalised, Exact };

class VerdictFunction {
 public:
  using Decided = tl::expected<VerdictFunction, NotDecided>;

  static Decided of(Manager& manager, const verify::Program& program,
                    const seccomp::Semantics& semantics = {},
                    Precision precision = Precision::Normalised);
  // A thread's filters together, oldest first.
  static Decided of_stack(Manager& manager, std::span<const verify::Program> oldest_first,
                          const seccomp::Semantics& semantics = {},
                          Precision precision = Precision::Normalised);
  // The same of functions that are there already, normalised and of one manager.
  static Decided of_stack(Manager& manager, std::span<const VerdictFunction> oldest_first,
                          const seccomp::Semantics& semantics = {});
  // SECCOMP_MODE_STRICT: ALLOW, or KILL_THREAD for what the kernel kills.
  static Decided strict(Manager& manager, const seccomp::Semantics& semantics = {});

  // Built without a program: the verdict of the first case that holds, else `otherwise`.
  using Case = std::pair<Condition, seccomp::Verdict>;
  static Decided of_cases(Manager& manager, std::span<const Case> cases,
                          seccomp::Verdict otherwise);

  friend bool operator==(const VerdictFunction&, const VerdictFunction&) = delete;

  seccomp::Verdict at(const seccomp::Words& words) const;
  // Every verdict that some input has, values rising.
  std::vector<seccomp::Verdict> verdicts() const;
  Condition where(seccomp::Verdict verdict) const;
  Condition where(const std::function<bool(seccomp::Verdict)>& accepted) const;
  // Where the two differ.
  Condition differs(const VerdictFunction& other) const;

  VerdictFunction with_word(std::size_t word, std::uint32_t value) const;

  // The values of one word, grouped by what the function then is. Groups stand in the order of
  // their lowest value, ranges rise. Nothing when there are more than `most` ranges.
  struct Group;
  std::optional<std::vector<Group>> groups_of(std::size_t word, std::size_t most = 65536) const;

  // Whether it depends on any word at all; the single verdict when not.
  std::optional<seccomp::Verdict> constant() const;

  // For the sources of this room.
  VerdictFunction(Manager& manager, std::uint32_t root) : manager_(&manager), root_(root) {}
  Manager& manager() const { return *manager_; }
  std::uint32_t root() const { return root_; }

 private:
  Manager* manager_;
  std::uint32_t root_;  // of Manager::values()
};

struct VerdictFunction::Group {
  std::vector<Condition::Range> values;
  VerdictFunction rest;
};

// A digest of the normalised meaning, "a1:" and 64 hexadecimal digits: equal on every machine
// exactly when the meaning is. Format: docs/formats/fingerprint.md.
tl::expected<std::string, NotDecided> fingerprint(std::span<const verify::Program> oldest_first,
                                                  const seccomp::Semantics& semantics = {},
                                                  const Budget& budget = {});
// Of a function whose manager has Order::fixed().
std::string fingerprint(const VerdictFunction& function);

}  // namespace assay::symbolic
