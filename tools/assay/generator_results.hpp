// What assay fuzz-generator says about a disagreement.
#pragma once

#include <cstdint>
#include <string>

#include "assay/profile/confirm.hpp"
#include "assay/profile/generator.hpp"
#include "command_line.hpp"
#include "json.hpp"

namespace assay::tool {

// A refuted request, and why.
struct Disagreement {
  std::string cause;
  const profile::Request& request;
  const profile::Judgement& judgement;
};

// How often the running kernel said what ours says the filter does; how often another thing.
struct Confirmations {
  std::uint64_t confirmed = 0;
  std::uint64_t contradicted = 0;
  std::uint64_t not_compared = 0;
};

// The running kernel's verdict on the witness, or why there is none.
using Confirmation = tl::expected<seccomp::Verdict, std::string>;
Confirmation confirmation(const profile::Opinion& opinion, const profile::Judgement& judgement);
void count(Confirmations& sum, const Confirmation& confirmation,
           const profile::Judgement& judgement);

// Without the fields that every document starts with. `confirmation` may be missing.
Json to_json(const Disagreement& found, const Confirmation* confirmation);
Json to_json(const Confirmations& sum);
// Indented lines: the rules, the witness, the verdicts.
std::string to_text(const Disagreement& found, const Confirmation* confirmation);

}  // namespace assay::tool
