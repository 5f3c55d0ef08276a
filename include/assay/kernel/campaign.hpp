// Random programs and records, our answers beside a judge's.
//
// Item k depends on (seed, k) alone. Of each 32 items one is a program that is judged: its
// acceptance, all 32 bits of its value for every record, one in four in a stack, some in full
// detail; one is broken by a rule of the checker; the rest are any programs, for
// acceptance. A campaign counts what it compared by opcode, action, rule and sighting, so that
// what was never met shows.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <unordered_set>

#include "assay/kernel/finding.hpp"
#include "assay/kernel/judge.hpp"
#include "assay/sample/random.hpp"
#include "assay/verify/accept.hpp"

namespace assay::kernel {

struct CampaignPlan {
  std::uint64_t seed = 1;
  std::size_t records = 32;   // for each judged program
  std::uint32_t narrow = 0;   // AUDIT_ARCH of every eighth record; 0: all are native
  std::size_t findings = 16;  // that many are minimised and told; the rest are counted
};

inline constexpr std::uint32_t judged_every = 32;

// What was compared, by name; sums of shares are the whole's.
struct Tally {
  std::uint64_t programs = 0;
  std::uint64_t acceptances = 0;  // compared
  std::uint64_t accepted = 0;     // of these
  std::uint64_t distinct = 0;     // judged programs, each counted once
  std::uint64_t verdicts = 0;     // values and sights compared
  std::uint64_t mismatches = 0;
  std::map<std::string, std::uint64_t, std::less<>> counts;  // "rule too-long", "opcode 0x20", ...
  friend bool operator==(const Tally&, const Tally&) = default;
};
// As lines "name value", and back; nothing when they are no tally.
std::string to_text(const Tally& tally);
std::optional<Tally> parse_tally(std::string_view text);
// Rules, opcodes and actions that were met less than `least` times.
std::vector<std::string> unmet(const Tally& tally, std::uint64_t least = 1);

// The judged programs of items, each counted once. The kernel is not asked: items depend on the
// seed alone, so that this tells of campaigns that ran in shares, too.
class DistinctPrograms {
 public:
  explicit DistinctPrograms(std::uint64_t seed) : seed_(seed) {}
  void add(std::uint64_t item);
  bool add(std::span<const bpf::Instruction> program);  // whether it is new
  std::uint64_t count() const { return seen_.size(); }

 private:
  std::uint64_t seed_;
  std::unordered_set<std::uint64_t> seen_;  // a hash of each
};

class Campaign {
 public:
  using Sink = std::function<void(const Finding&)>;
  Campaign(Judge& judge, const CampaignPlan& plan, Sink sink);

  // One batch of items: a few thousand are answered best.
  tl::expected<void, Failure> run(std::span<const std::uint64_t> items);
  // An item that an earlier run has done: only that distinct programs are told apart.
  void remember(std::uint64_t item) { distinct_.add(item); }

  const Tally& tally() const { return tally_; }
  void set_tally(const Tally& tally) { tally_ = tally; }

 private:
  // What is known of an item before the kernel is asked: drawn and judged beside its answers.
  struct Prepared;
  struct Sights;
  Prepared prepare(std::uint64_t item) const;
  std::vector<Prepared> prepare_all(std::span<const std::uint64_t> items) const;
  Sights draw_sights(std::uint64_t item, sample::Random& random, const Prepared& prepared) const;
  tl::expected<void, Failure> compare(std::span<const Prepared> batch);
  tl::expected<void, Failure> judge_program(const Prepared& prepared);
  tl::expected<void, Failure> compare_values(const Prepared& prepared);
  tl::expected<void, Failure> compare_sights(const Prepared& prepared);
  void gather_counts();
  void count_opcodes(const verify::Program& program, const seccomp::SeccompData& record);
  void report(const Finding& finding);

  Judge& judge_;
  CampaignPlan plan_;
  Sink sink_;
  Tally tally_;
  std::vector<std::uint64_t> pointers_;
  DistinctPrograms distinct_;
  // By number while running; names are made at the end of each batch.
  std::array<std::uint64_t, 256> opcodes_{};
  std::array<std::uint64_t, 16> actions_{};
  std::array<std::uint64_t, 16> rules_{};
  std::array<std::uint64_t, 16> sightings_{};
  std::array<std::uint64_t, 16> unasked_{};
};

}  // namespace assay::kernel
