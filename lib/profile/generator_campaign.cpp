#include "assay/profile/generator_campaign.hpp"

namespace assay::profile {

void GeneratorTally::add(GeneratorTally other) {
  profiles += other.profiles;
  disagreements += other.disagreements;
  ambiguous += other.ambiguous;
  refused += other.refused;
  broken += other.broken;
  not_decided += other.not_decided;
  for (auto& [name, cause] : other.causes) {
    const auto [at, fresh] = causes.try_emplace(name);
    const std::uint64_t count = at->second.count + cause.count;
    if (fresh || cause.first < at->second.first) at->second = std::move(cause);
    at->second.count = count;
  }
}

Request GeneratorCampaign::request(std::uint64_t index) const {
  sample::Random random(seed_, index);
  return request_of(sample::rules(random, shape_));
}

const Cause* GeneratorCampaign::run(std::uint64_t index) {
  const Request request = this->request(index);
  const Judgement judgement = judge(request, generator_, budget_);
  ++tally_.profiles;
  switch (judgement.outcome) {
    case Outcome::Same: return nullptr;
    case Outcome::SameSoFar:
    case Outcome::LeftOpen: ++tally_.ambiguous; return nullptr;
    case Outcome::Refused: ++tally_.refused; return nullptr;
    case Outcome::Broken: ++tally_.broken; return nullptr;
    case Outcome::NotDecided: ++tally_.not_decided; return nullptr;
    case Outcome::Different:
    case Outcome::Rejected:
    case Outcome::Declines:
    case Outcome::Hangs:
    case Outcome::Crashes: break;
  }
  ++tally_.disagreements;
  Request simple = simplified(request, generator_, judgement, budget_);
  std::string name = cause_of(simple, judgement.outcome);
  const auto [at, fresh] = tally_.causes.try_emplace(name);
  ++at->second.count;
  if (!fresh) return nullptr;
  Request minimal = minimised(std::move(simple), generator_, judgement, budget_);
  Judgement again = judge(minimal, generator_, budget_);
  at->second = {std::move(name), 1, index, std::move(minimal), std::move(again)};
  return &at->second;
}

}  // namespace assay::profile
