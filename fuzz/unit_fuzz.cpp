// Laws of unit files: settings written as text read back as they were, findings stand inside
// the text, and whatever the options say, what they mean is what systemd's filters do.
//
// The first byte chooses: the syntax alone, or the options, whose proof takes longer.

#include <algorithm>
#include <string_view>

#include "assay/profile/systemd_intent.hpp"
#include "assay/profile/systemd_stack.hpp"
#include "assay/verify/accept.hpp"
#include "input.hpp"

namespace profile = assay::profile;
namespace symbolic = assay::symbolic;
namespace verify = assay::verify;
using fuzz::require;

namespace {

constexpr std::array<std::string_view, 3> sections{"Unit", "Install", "Service"};

bool same(const profile::Setting& a, const profile::Setting& b) {
  return a.section == b.section && a.key == b.key && a.value == b.value;
}

void check_syntax(std::string_view text) {
  const profile::UnitFile unit = profile::parse_unit(text, sections);
  const auto lines = static_cast<std::uint32_t>(text.size() + 1);
  for (const profile::Finding& finding : unit.findings)
    require(finding.place.line >= 1 && finding.place.line <= lines);
  for (const profile::Setting& setting : unit.settings)
    for (std::size_t at = 0; at <= setting.value.size(); ++at)
      require(setting.place_of(at).line >= setting.place.line);
  const auto again = profile::parse_unit(profile::to_text(unit.settings), sections);
  require(!again.stopped && again.findings.empty());
  require(std::equal(again.settings.begin(), again.settings.end(), unit.settings.begin(),
                     unit.settings.end(), same));
}

void check_options(std::string_view text) {
  const std::vector<profile::UnitText> texts{{"a.service", "[Service]\n" + std::string(text)}};
  const auto unit = profile::read_unit(texts, profile::CallGroups::shipped());
  if (!unit) return;
  const auto compiled = profile::compile_systemd(profile::systemd_filters(*unit, {}));
  if (!compiled) return;
  std::vector<verify::Program> stack;
  for (const profile::SystemdProgram& program : *compiled)
    stack.push_back(*verify::accept(program.instructions));
  symbolic::Manager manager(symbolic::Order::fixed());
  const auto meant = profile::systemd_intent(manager, unit->sandbox, {});
  const auto made = symbolic::VerdictFunction::of_stack(manager, stack);
  require(meant && made && manager.equal(*meant, *made));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 2 == 0)
    check_syntax(text);
  else
    check_options(text);
  return 0;
}
