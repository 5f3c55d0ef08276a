// assay profile: what a profile means, which filter is loaded for it, and whether they are the
// same.
#include <array>
#include <fstream>

#include "budget_options.hpp"
#include "profile_actions.hpp"
#include "profile_options.hpp"

namespace assay::tool {
namespace {

constexpr Manual manual{
    "profile", "ACTION PROFILE...",
    "Works on the profiles that people write: of containers (OCI, Docker, Podman, Kubernetes),\n"
    "systemd units, Firecracker's and minijail's. ACTION is one of\n"
    "  compile     the filter that the runtime would load\n"
    "  intent      the policy straight from the rules, without compiling them\n"
    "  verify      whether the two are the same, over all inputs\n"
    "  test        a table of calls and the verdicts expected for them (docs/profile-tests.md)\n"
    "  drift       what calls get that are newer than a kernel or a libseccomp; for filters\n"
    "              and pid:N as well\n"
    "  containers  which profile each container of a Kubernetes manifest gets",
    "PROFILE is a file, - for stdin, or FILE#NAME for one of its threads or containers; a unit's\n"
    "drop-ins are read from FILE.d. What is odd about a profile is told on stderr (in JSON as\n"
    "findings) with file and line. What a runtime adds on its own (the answer to calls of other\n"
    "architectures, to calls newer than the profile, socketcall and ipc) is part of the intent\n"
    "unless --pure leaves it out; docs/profiles.md has it all.\n"
    "Exit status: 0 (verify: the same; test: all passed), 1 not, or newer calls get answers that\n"
    "break libraries, 3 unreadable, malformed or refused by the\n"
    "runtime, 5 not decided within the budget; of several the highest.",
    "  $ echo '{\"defaultAction\": \"SCMP_ACT_ALLOW\"}' | assay profile verify -\n"
    "  -: same as what runc loads (7 instructions)"};

struct Action {
  std::string_view name;
  ExitStatus (*run)(const ProfileJob& job, const load::Profile& profile);
  // For an operand that is a filter; null where only a profile makes sense.
  ExitStatus (*run_filter)(const ProfileJob& job, const std::string& operand) = nullptr;
};

constexpr auto actions = std::to_array<Action>({
    {"compile", compile_profile},
    {"intent", print_intent},
    {"verify", verify_profile},
    {"test", test_profile},
    {"drift", drift_profile, drift_filter},
    {"containers", print_containers},
});

tl::expected<Action, ExitStatus> read_action(const CommandLine& line) {
  if (line.operands().empty())
    return tl::unexpected(
        line.usage("expected an ACTION: compile, intent, verify, test, drift or containers"));
  const std::string& word = line.operands()[0];
  for (const Action& action : actions)
    if (action.name == word) return action;
  std::vector<std::string_view> known;
  for (const Action& action : actions) known.push_back(action.name);
  return tl::unexpected(line.usage("found '" + load::printable(word, 80) +
                                   "', expected an action: compile, intent, verify, test, drift or "
                                   "containers" +
                                   did_you_mean(word, known)));
}

// Of a file that is there what it holds decides; stdin is a profile unless its format is said.
bool is_filter(const CommandLine& line, const std::string& operand) {
  if (line.has("input-format") || operand.starts_with("pid:")) return true;
  if (line.has("profile-format") || operand == "-") return false;
  std::ifstream file(operand, std::ios::binary);
  std::string start(4096, '\0');
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<std::size_t>(file.gcount()));
  return !start.empty() && !load::is_profile(start, operand);
}

ExitStatus run_each(const ProfileJob& job, const Action& action) {
  ExitStatus worst = yes;
  const auto& operands = job.line.operands();
  for (std::size_t i = 1; i < operands.size(); ++i) {
    if (action.run_filter != nullptr && is_filter(job.line, operands[i])) {
      worst = worse(worst, action.run_filter(job, operands[i]));
      continue;
    }
    const auto profile = load::load_profile(operands[i], job.options);
    if (!profile) {
      complain(load::describe(profile.error()));
      worst = worse(worst, status_of(profile.error()));
      continue;
    }
    if (!job.line.json() && !job.line.quiet())
      for (const profile::Finding& finding : all_findings(*profile))
        complain(load::where(finding.place, profile->targets.files) + ": " +
                 std::string(name(finding.severity)) + ": " + finding.message + " [" +
                 std::string(name(finding.kind)) + "]");
    worst = worse(worst, action.run(job, *profile));
  }
  return worst;
}

}  // namespace

ExitStatus run_profile(const Arguments& arguments) {
  CommandLine line(manual);
  add_profile_options(line);
  line.add({{"output-format", OptionKind::Text, "FORMAT",
             "raw|raw-be|text|ddd|hex|c: how compile writes the filter"},
            {"against", OptionKind::Text, "FILTER",
             "verify this filter, or the stack pid:N, instead of what the runtime would load"},
            {"table", OptionKind::Text, "FILE", "test: the cases, in YAML"},
            {"junit", OptionKind::Text, "FILE", "test: write the results as JUnit XML, too"},
            {"since", OptionKind::Text, "RELEASE",
             "drift: linux-5.0 (the default), libseccomp-2.5.0, or libseccomp for the calls that "
             "the installed one does not know"},
            {"pure", OptionKind::Flag, "", "leave out the rules that nobody wrote"},
            {"confirm", OptionKind::Flag, "",
             "ask the running kernel for its verdict on each witness, too"}});
  line.add_input_format();
  add_budget_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  const auto action = read_action(line);
  if (!action) return action.error();
  if (line.operands().size() < 2) return line.usage("expected a PROFILE");
  const auto options = read_profile_options(line);
  if (!options) return options.error();
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  auto output = line.open_output();
  if (!output) return output.error();
  return output->finish(run_each({line, *options, *budget, *output}, *action));
}

}  // namespace assay::tool
