// A campaign until the first mismatch, for one mutant: exit 1 when it is found, 0 when not, 4
// when this kernel cannot be asked. Linked with one mutated source in front of the libraries.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "assay/kernel/campaign.hpp"

int main(int argc, char** argv) {
  using namespace assay::kernel;
  const std::uint64_t programs = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  auto oracle = Oracle::open();
  if (!oracle) return 4;
  KernelJudge kernel(*oracle);
  CampaignPlan plan;
  plan.narrow = Oracle::narrow_arch();
  plan.findings = 1;
  Campaign campaign(kernel, plan,
                    [](const Finding& finding) { std::fputs(to_text(finding).c_str(), stdout); });
  std::vector<std::uint64_t> items;
  for (std::uint64_t item = 0; item < programs && campaign.tally().mismatches == 0;) {
    items.clear();
    for (int i = 0; i < 2048; ++i) items.push_back(item++);
    if (!campaign.run(items)) return 4;
  }
  std::printf("%llu programs\n", static_cast<unsigned long long>(campaign.tally().programs));
  return campaign.tally().mismatches != 0 ? 1 : 0;
}
