// Filters that runtimes and libseccomp really made of a profile that Debian ships, against what
// the profile means: the same, or different for a reason that the data names.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "assay/profile/oci.hpp"
#include "assay/profile/verify.hpp"
#include "assay/text/verdict.hpp"
#include "corpus.hpp"
#include "data_cases.hpp"
#include "packaged_file.hpp"

namespace assay::profile {
namespace {

using seccomp::Arch;

constexpr const char* containers_common = "/usr/share/containers/seccomp.json";

const std::map<std::string, verify::Program>& corpus() {
  static const std::map<std::string, verify::Program> filters = [] {
    std::map<std::string, verify::Program> result;
    for (const test::CorpusFilter& filter : test::corpus_filters(ASSAY_CORPUS))
      result.emplace(filter.file, filter.program);
    return result;
  }();
  return filters;
}

const std::vector<std::string>& podmans_capabilities() {
  static const std::vector<std::string> names{
      "CAP_CHOWN",           "CAP_DAC_OVERRIDE", "CAP_FOWNER",  "CAP_FSETID", "CAP_KILL",        //
      "CAP_SETFCAP",         "CAP_SETGID",       "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",  //
      "CAP_NET_BIND_SERVICE"};
  return names;
}

struct Captured {
  std::string filter;
  Environment environment;
  bool own_arch = false;
};

Captured captured_of(const test::Case& row) {
  const std::vector<std::string> words = test::split(row.body);
  Captured result{test::split(row.name).at(1) + ".bpf", {}, words.at(2) == "own"};
  result.environment.runtime = find_runtime(words.at(0)).value();
  result.environment.host = seccomp::find_arch(words.at(1)).value();
  auto& capabilities = result.environment.capabilities;
  for (std::size_t i = 3; i < words.size(); ++i) {
    if (words[i] == "all")
      capabilities = all_capabilities();
    else if (words[i] == "podman")
      capabilities = podmans_capabilities();
    else if (words[i] != "none")
      capabilities.push_back(words[i]);
  }
  return result;
}

// Corpus files come with or without a folder in front.
const verify::Program* captured_filter(const std::string& name) {
  const auto found = std::find_if(corpus().begin(), corpus().end(), [&](const auto& each) {
    return each.first == name || each.first.ends_with("/" + name);
  });
  return found == corpus().end() ? nullptr : &found->second;
}

class CapturedProfiles : public testing::TestWithParam<test::Case> {};

TEST_P(CapturedProfiles, AreWhatTheProfileMeansOrDifferForAReason) {
  if (corpus().empty()) GTEST_SKIP() << "no corpus in " << ASSAY_CORPUS;
  const auto text = test::packaged_file(containers_common);
  if (!text) GTEST_SKIP() << containers_common << " is neither installed nor unpacked";
  const Captured captured = captured_of(GetParam());
  const verify::Program* const filter = captured_filter(captured.filter);
  ASSERT_NE(filter, nullptr) << captured.filter;
  Read read = read_oci(*text, containers_common, {{}, captured.environment});
  ASSERT_TRUE(read);
  if (captured.own_arch) read->filters[0].arches = {captured.environment.host};
  const Target target{{}, read->filters, {}};
  const auto verified = verify(target, captured.environment, {filter, 1});
  ASSERT_TRUE(verified);

  const std::vector<std::string> expected = test::split(GetParam().expected.at(0));
  EXPECT_EQ(verified->equal, expected[0] == "same");
  EXPECT_EQ(verified->discrepancies.empty(), expected[0] == "same");
  if (expected[0] != "errno") return;
  for (const Discrepancy& each : verified->discrepancies) {
    EXPECT_EQ(text::to_text(each.intended), "ERRNO(" + expected.at(1) + ")");
    EXPECT_EQ(text::to_text(each.actual), "ERRNO(" + expected.at(2) + ")");
  }
}

INSTANTIATE_TEST_SUITE_P(ContainersCommon, CapturedProfiles,
                         testing::ValuesIn(test::cases("profile/captured-profiles")),
                         [](const auto& row) {
                           std::string name = test::split(row.param.name).at(1);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace assay::profile
