// Random rules a minute on one core, from rules to proof, and the time to verify containers-
// common's profile for its little-endian architectures in both forms. NDJSON; judged by
// bench/check-profiles.
//
//   profile_bench [PROFILES [MINIMISED]]
//
// Seconds are of processor time, this process's and its children's: the wall time of an idle core,
// and the only figure that says something on a busy one.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "assay/profile/generator_campaign.hpp"
#include "assay/profile/oci.hpp"
#include "assay/profile/verify.hpp"
#include "assay/verify/accept.hpp"
#include "tests/packaged_file.hpp"

namespace {

using namespace assay;

double seconds_of(int whose) {
  rusage usage{};
  getrusage(whose, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Children count when they have ended.
double now() { return seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN); }

// With minimising: what a user waits for.
void random_rules(std::uint64_t count, bool minimise) {
  std::uint64_t disagreements = 0;
  const double start = now();
  {
    const profile::Generator generator = profile::guarded_libseccomp_generator();
    profile::GeneratorCampaign campaign(generator, 1);
    for (std::uint64_t i = 0; i < count; ++i) {
      if (minimise)
        campaign.run(i);
      else
        disagreements += is_disagreement(judge(campaign.request(i), generator).outcome) ? 1 : 0;
    }
    if (minimise) disagreements = campaign.tally().disagreements;
  }
  const double seconds = now() - start;
  std::printf(
      "{\"row\":\"random rules%s\",\"profiles\":%llu,\"disagreements\":%llu,"
      "\"seconds\":%.3f,\"per_minute\":%.0f}\n",
      minimise ? ", minimised" : "", static_cast<unsigned long long>(count),
      static_cast<unsigned long long>(disagreements), seconds,
      60 * static_cast<double>(count) / seconds);
}

constexpr auto hosts = std::to_array<seccomp::Arch>(
    {seccomp::Arch::x86_64, seccomp::Arch::x86, seccomp::Arch::aarch64, seccomp::Arch::arm,
     seccomp::Arch::mipsel64, seccomp::Arch::ppc64le, seccomp::Arch::riscv64});

bool installed_profile(const char* path) {
  const auto text = test::packaged_file(path);
  if (!text) return false;
  double seconds = 0;
  int same = 0;
  for (const seccomp::Arch host : hosts)
    for (const profile::Form form : {profile::Form::Linear, profile::Form::Tree}) {
      const double start = now();
      const profile::Environment environment{
          profile::Runtime::Runc, host, {6, 18}, profile::default_capabilities()};
      const auto read = profile::read_oci(*text, path, {{}, environment});
      const auto compiled = compile(read->filters[0], environment, form);
      const auto program = verify::accept(*compiled);
      const auto quick = verify_quickly(read->filters[0], environment, *program);
      seconds += now() - start;
      same += quick && quick->equal ? 1 : 0;
    }
  std::printf("{\"row\":\"%s\",\"filters\":%zu,\"same\":%d,\"seconds\":%.3f}\n", path,
              2 * hosts.size(), same, seconds);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20'000;
  const std::uint64_t minimised = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 500;
  random_rules(count, false);
  random_rules(minimised, true);
  // The tables of names are read once by the first.
  const bool there = installed_profile("/usr/share/containers/seccomp.json");
  installed_profile("/usr/share/containers/seccomp.json");
  installed_profile("/usr/share/gocode/src/github.com/docker/docker/profiles/seccomp/default.json");
  return there ? 0 : 4;
}
