// Random profiles through a generator, each result proven or refuted.
//
// Profile i depends on (seed, i) alone, and so does what examine() says of it. Disagreements are
// grouped by cause; what is told of a cause is its first profile, with the smallest values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "assay/profile/generator.hpp"

namespace assay::profile {

struct Cause {
  std::string name;
  std::uint64_t count = 0;
  std::uint64_t first = 0;  // index of the profile
  Request request;          // minimised
  Judgement judgement;      // of it
};

struct GeneratorTally {
  std::uint64_t profiles = 0;
  std::uint64_t disagreements = 0;
  std::uint64_t ambiguous = 0;  // SameSoFar and LeftOpen
  std::uint64_t refused = 0;
  std::uint64_t broken = 0;
  std::uint64_t not_decided = 0;
  std::map<std::string, Cause> causes;

  // One more profile; causes are left alone.
  void count(Outcome outcome);
  // Of other profiles of the same campaign.
  void add(const GeneratorTally& other);
};

// What became of one profile.
struct Examined {
  Outcome outcome{};
  // Of a disagreement.
  std::string cause = {};
  Request simple = {};       // without what the disagreement does not need
  Judgement judgement = {};  // of it
};

class GeneratorCampaign {
 public:
  GeneratorCampaign(Generator generator, std::uint64_t seed, sample::RuleShape shape = {},
                    symbolic::Budget budget = {})
      : generator_(std::move(generator)), seed_(seed), shape_(shape), budget_(budget) {}

  Request request(std::uint64_t index) const;
  Examined examine(std::uint64_t index) const;
  // One profile; the cause when it is a new one.
  const Cause* run(std::uint64_t index);
  const GeneratorTally& tally() const { return tally_; }

 private:
  Generator generator_;
  std::uint64_t seed_;
  sample::RuleShape shape_;
  symbolic::Budget budget_;
  GeneratorTally tally_;
};

}  // namespace assay::profile
