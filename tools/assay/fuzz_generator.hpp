// What both ways to run assay fuzz-generator share: at once, or as a long job in shares.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "assay/profile/confirm.hpp"
#include "assay/profile/generator_campaign.hpp"
#include "command_line.hpp"
#include "json.hpp"

namespace assay::tool {

struct GeneratorFuzzing {
  std::function<profile::Generator()> generator;  // one for each thread
  std::string generator_name;                     // results depend on it
  std::uint64_t profiles = 10'000;
  std::uint64_t seed = 1;
  unsigned seconds = 0;  // 0: no limit
  unsigned jobs = 1;
  symbolic::Budget budget;
  profile::Opinion opinion;  // empty: the running kernel is not asked
};

// One result for each profile that disagrees, and totals that add up.
ExitStatus fuzz_generator_job(const CommandLine& line, const GeneratorFuzzing& fuzzing);

ExitStatus status_of(const profile::GeneratorTally& tally);
// The fields that shares add up.
Json totals_json(const profile::GeneratorTally& tally);

}  // namespace assay::tool
