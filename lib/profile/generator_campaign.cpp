#include "assay/profile/generator_campaign.hpp"

namespace assay::profile {

void GeneratorTally::count(Outcome outcome) {
  ++profiles;
  switch (outcome) {
    case Outcome::Same: break;
    case Outcome::SameSoFar:
    case Outcome::LeftOpen: ++ambiguous; break;
    case Outcome::Refused: ++refused; break;
    case Outcome::Broken: ++broken; break;
    case Outcome::NotDecided: ++not_decided; break;
    case Outcome::Different:
    case Outcome::Rejected:
    case Outcome::Declines:
    case Outcome::Hangs:
    case Outcome::Crashes: ++disagreements; break;
  }
}

void GeneratorTally::add(const GeneratorTally& other) {
  profiles += other.profiles;
  disagreements += other.disagreements;
  ambiguous += other.ambiguous;
  refused += other.refused;
  broken += other.broken;
  not_decided += other.not_decided;
  for (const auto& [name, cause] : other.causes) {
    const auto [at, fresh] = causes.try_emplace(name);
    const std::uint64_t count = at->second.count + cause.count;
    if (fresh || cause.first < at->second.first) at->second = cause;
    at->second.count = count;
  }
}

Request GeneratorCampaign::request(std::uint64_t index) const {
  sample::Random random(seed_, index);
  return request_of(sample::rules(random, shape_));
}

Examined GeneratorCampaign::examine(std::uint64_t index) const {
  const Request request = this->request(index);
  const Judgement judgement = judge(request, generator_, budget_);
  Examined result{.outcome = judgement.outcome};
  if (!is_disagreement(judgement.outcome)) return result;
  result.simple = simplified(request, generator_, judgement, budget_);
  result.judgement = judge(result.simple, generator_, budget_);
  result.cause = cause_of(result.simple, result.judgement, budget_);
  return result;
}

const Cause* GeneratorCampaign::run(std::uint64_t index) {
  Examined examined = examine(index);
  tally_.count(examined.outcome);
  if (!is_disagreement(examined.outcome)) return nullptr;
  const auto [at, fresh] = tally_.causes.try_emplace(examined.cause);
  ++at->second.count;
  if (!fresh) return nullptr;
  Request minimal = minimised(std::move(examined.simple), generator_, examined.judgement, budget_);
  Judgement again = judge(minimal, generator_, budget_);
  at->second = {std::move(examined.cause), 1, index, std::move(minimal), std::move(again)};
  return &at->second;
}

}  // namespace assay::profile
