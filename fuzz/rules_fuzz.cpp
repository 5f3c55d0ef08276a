// Laws of Firecracker's JSON and minijail's policies, whoever reads them: an error stands inside
// the text, and what is read has a meaning that its compiled filter agrees with, or is refused.
//
// The first byte chooses format and reading.

#include <algorithm>
#include <string_view>

#include "assay/profile/compile.hpp"
#include "assay/profile/firecracker.hpp"
#include "assay/profile/minijail.hpp"
#include "assay/profile/verify.hpp"
#include "assay/verify/accept.hpp"
#include "input.hpp"

namespace profile = assay::profile;
namespace verify = assay::verify;
using fuzz::require;

namespace {

profile::Read read(std::string_view text, std::uint8_t choice, profile::Environment& environment) {
  using profile::Runtime;
  if (choice % 4 < 2) {
    environment.runtime = choice % 4 == 0 ? Runtime::Firecracker : Runtime::Seccompiler;
    return profile::read_firecracker(text, "a.json", environment);
  }
  environment.runtime = Runtime::Minijail;
  profile::MinijailOptions options;
  options.environment = environment;
  options.compiler =
      choice % 4 == 2 ? profile::MinijailCompiler::Embedded : profile::MinijailCompiler::Script;
  options.log = choice / 4 % 2 == 1;
  const std::vector<profile::UnitText> texts{{"a.policy", std::string(text)},
                                             {"./a", std::string(text)}};
  return profile::read_minijail(texts, options);
}

void check(const profile::RuleSet& rules, const profile::Environment& environment) {
  const auto compiled = profile::compile(rules, environment);
  if (!compiled) return;
  const auto program = verify::accept(*compiled);
  require(program.has_value());
  const auto quick = profile::verify_quickly(rules, environment, *program);
  require(quick && quick->equal);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 || size > 4096) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  profile::Environment environment;
  const auto read_in = read(text, data[0], environment);
  if (!read_in) {
    const auto lines = std::count(text.begin(), text.end(), '\n') + 1;
    require(read_in.error().place.line <= lines);
    require(read_in.error().found.size() < 1000);
    return 0;
  }
  for (const profile::RuleSet& rules : read_in->filters) check(rules, environment);
  return 0;
}
