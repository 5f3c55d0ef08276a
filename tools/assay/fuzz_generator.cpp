// assay fuzz-generator: random rules through a generator of filters, each result proven or
// refuted.
#include "fuzz_generator.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>

#include "assay/bpf/codec.hpp"
#include "assay/profile/compile.hpp"
#include "budget_options.hpp"
#include "generator_results.hpp"
#include "kernel_opinion.hpp"
#include "long_job.hpp"

namespace assay::tool {
namespace {

using profile::Cause;
using profile::GeneratorTally;

constexpr Manual manual{
    "fuzz-generator", "[-- COMMAND [ARGUMENTS]]",
    "Draws random rules, lets a generator make a filter of them, and compares the filter with\n"
    "what the rules mean, over all inputs. What disagrees is made small, confirmed by the running\n"
    "kernel where that can run the filter, and told once for each distinct cause.",
    "COMMAND gets linux.seccomp of the OCI runtime-spec as JSON on stdin, and answers with a raw\n"
    "little-endian filter on stdout and exit 0, or says why not on stderr and exits non-zero.\n"
    "Without COMMAND the generator is the installed libseccomp, through its API, as list and as\n"
    "tree. Rules whose meaning no documentation settles are counted apart, as ambiguous.\n"
    "With --output-dir each cause leaves NUMBER.json (the profile), NUMBER.bpf (the filter) and\n"
    "NUMBER.txt (the rules, the witness, both verdicts). As a long job (--shard, --checkpoint,\n"
    "--database, --resume) each profile that disagrees is a result, made small but for its\n"
    "values, and assay merge joins them.\n"
    "Exit status: 0 no disagreement, 1 some, 3 COMMAND does not work, 5 some not decided.",
    "  $ assay fuzz-generator --profiles 20 -- false\n"
    "  ..."};

// What the threads share.
class Threads {
 public:
  explicit Threads(const GeneratorFuzzing& fuzzing)
      : fuzzing_(fuzzing),
        end_(std::chrono::steady_clock::now() + std::chrono::seconds(fuzzing.seconds)) {}

  GeneratorTally run() {
    // Generators fork, which is for a process of one thread.
    std::vector<profile::GeneratorCampaign> campaigns;
    for (unsigned i = 0; i < fuzzing_.jobs; ++i)
      campaigns.emplace_back(fuzzing_.generator(), fuzzing_.seed, sample::RuleShape{},
                             fuzzing_.budget);
    std::vector<std::thread> threads;
    for (profile::GeneratorCampaign& campaign : campaigns)
      threads.emplace_back([&] { work(campaign); });
    for (std::thread& thread : threads) thread.join();
    GeneratorTally tally;
    for (const profile::GeneratorCampaign& campaign : campaigns) tally.add(campaign.tally());
    return tally;
  }

 private:
  void work(profile::GeneratorCampaign& campaign) {
    while (!late()) {
      const std::uint64_t item = next_++;
      if (item >= fuzzing_.profiles) break;
      campaign.run(item);
    }
  }

  bool late() const { return fuzzing_.seconds != 0 && std::chrono::steady_clock::now() >= end_; }

  const GeneratorFuzzing& fuzzing_;
  std::chrono::steady_clock::time_point end_;
  std::atomic<std::uint64_t> next_{0};
};

std::vector<const Cause*> by_count(const GeneratorTally& tally) {
  std::vector<const Cause*> causes;
  for (const auto& [name, cause] : tally.causes) causes.push_back(&cause);
  std::stable_sort(causes.begin(), causes.end(),
                   [](const Cause* a, const Cause* b) { return a->count > b->count; });
  return causes;
}

// A cause, and what the running kernel says of its witness.
struct Told {
  const Cause* cause;
  std::optional<Confirmation> confirmation;

  Disagreement disagreement() const { return {cause->name, cause->request, cause->judgement}; }
  const Confirmation* asked() const { return confirmation ? &*confirmation : nullptr; }
};

Json to_json(const CommandLine& line, const Told& told) {
  Json json = json_document(line.semantics());
  json["cause"] = told.cause->name;
  json["count"] = told.cause->count;
  json["first"] = told.cause->first;
  json.update(tool::to_json(told.disagreement(), told.asked()));
  return json;
}

std::string to_text(const Told& told) {
  return told.cause->name + "\n  " + std::to_string(told.cause->count) + " profiles, first " +
         std::to_string(told.cause->first) + "; minimised:\n" +
         tool::to_text(told.disagreement(), told.asked());
}

Json to_json(const CommandLine& line, const GeneratorTally& tally) {
  Json json = json_document(line.semantics());
  json.update(totals_json(tally));
  json["causes"] = tally.causes.size();
  return json;
}

std::string to_text(const GeneratorTally& tally) {
  std::string text = std::to_string(tally.profiles) + " profiles, " +
                     std::to_string(tally.disagreements) + " disagreements of " +
                     std::to_string(tally.causes.size()) + " causes, " +
                     std::to_string(tally.ambiguous) + " ambiguous, " +
                     std::to_string(tally.refused) + " refused by both\n";
  if (tally.broken != 0) text += std::to_string(tally.broken) + " without an answer that is one\n";
  return text;
}

std::string to_text(const Confirmations& sum) {
  return "the running kernel: " + std::to_string(sum.confirmed) + " causes confirmed, " +
         std::to_string(sum.contradicted) + " contradicted, " + std::to_string(sum.not_compared) +
         " not confirmed\n";
}

// NUMBER.json, .bpf and .txt, from 1; a status after a complaint.
ExitStatus store(const std::string& folder, std::span<const Told> causes) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  for (std::size_t i = 0; i < causes.size(); ++i) {
    const std::string stem = folder + "/" + std::to_string(i + 1);
    const Cause& cause = *causes[i].cause;
    const std::pair<const char*, std::string> files[] = {
        {".json", profile::to_oci_json(cause.request.rules, cause.request.host)},
        {".bpf", bpf::encode(cause.judgement.filter, bpf::Format::Raw)},
        {".txt", to_text(causes[i])}};
    for (const auto& [ending, content] : files) {
      auto output = Output::open(stem + ending);
      if (!output) {
        complain(output.error());
        return cannot;
      }
      output->write(content);
      if (const ExitStatus status = output->finish(yes); status != yes) return status;
    }
  }
  return yes;
}

tl::expected<GeneratorFuzzing, ExitStatus> read_fuzzing(const CommandLine& line,
                                                        const Arguments& command) {
  GeneratorFuzzing fuzzing;
  const auto profiles = line.number("profiles", 1, 0xffffffff, 10'000);
  const auto seed = line.number("seed", 0, 0xffffffff, 1);
  const auto seconds = line.number("seconds", 1, 0xffffffff, 0);
  const auto jobs = line.number("jobs", 1, 256, 1);
  for (const auto* each : {&profiles, &seed, &seconds, &jobs})
    if (!*each) return tl::unexpected(each->error());
  fuzzing.profiles = *profiles;
  fuzzing.seed = *seed;
  fuzzing.seconds = *seconds;
  fuzzing.jobs = *jobs;
  const auto budget = read_budget(line);
  if (!budget) return tl::unexpected(budget.error());
  fuzzing.budget = *budget;
  fuzzing.generator = [command] {
    return command.empty() ? profile::guarded_libseccomp_generator()
                           : profile::command_generator(command);
  };
  fuzzing.generator_name = "libseccomp-" + profile::libseccomp_version();
  for (std::size_t i = 0; i < command.size(); ++i)
    fuzzing.generator_name = (i == 0 ? "" : fuzzing.generator_name + ",") + command[i];
  if (line.has("no-confirm")) return fuzzing;
  fuzzing.opinion = running_kernel_if_possible();
  if (!line.has("confirm")) return fuzzing;
  auto opinion = running_kernel();
  if (!opinion) return tl::unexpected(opinion.error());
  fuzzing.opinion = std::move(*opinion);
  return fuzzing;
}

ExitStatus fuzz(const CommandLine& line, const GeneratorFuzzing& fuzzing) {
  auto output = line.open_output();
  if (!output) return output.error();
  const GeneratorTally tally = Threads(fuzzing).run();
  std::vector<Told> causes;
  Confirmations confirmations;
  for (const Cause* cause : by_count(tally)) {
    causes.push_back({cause, {}});
    if (!fuzzing.opinion) continue;
    causes.back().confirmation = confirmation(fuzzing.opinion, cause->judgement);
    count(confirmations, *causes.back().confirmation, cause->judgement);
  }
  for (const Told& told : causes)
    output->write(line.json() ? json_line(to_json(line, told)) : to_text(told));
  if (line.json()) {
    Json json = to_json(line, tally);
    if (fuzzing.opinion) json["confirmations"] = tool::to_json(confirmations);
    output->write(json_line(json));
  } else {
    output->write(to_text(tally) + (fuzzing.opinion ? to_text(confirmations) : ""));
  }
  ExitStatus status = status_of(tally);
  if (line.has("output-dir")) status = worse(status, store(line.text("output-dir"), causes));
  return output->finish(status);
}

}  // namespace

ExitStatus status_of(const GeneratorTally& tally) {
  if (tally.broken != 0) return bad_input;
  if (tally.disagreements != 0) return no;
  return tally.not_decided != 0 ? not_decided : yes;
}

Json totals_json(const GeneratorTally& tally) {
  return {{"profiles", tally.profiles},   {"disagreements", tally.disagreements},
          {"ambiguous", tally.ambiguous}, {"refused", tally.refused},
          {"broken", tally.broken},       {"not_decided", tally.not_decided}};
}

ExitStatus run_fuzz_generator(const Arguments& arguments) {
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  const bool external = dashes != arguments.end();
  const Arguments command(external ? dashes + 1 : dashes, arguments.end());
  CommandLine line(manual);
  line.add({{"generator", OptionKind::Text, "NAME", "libseccomp: the installed one"},
            {"profiles", OptionKind::Text, "N", "how many (10000)"},
            {"seconds", OptionKind::Text, "N", "stop after so long, if that is earlier"},
            {"seed", OptionKind::Text, "S", "profile k depends on S and k alone (1)"},
            {"jobs", OptionKind::Text, "J", "at a time (1); never changes results"},
            {"confirm", OptionKind::Flag, "",
             "exit 4 where the running kernel cannot be asked about the witnesses"},
            {"no-confirm", OptionKind::Flag, "", "do not ask it, and install no filter"},
            {"output-dir", OptionKind::Text, "DIR", "where each cause is stored"}});
  add_job_options(line);
  add_budget_options(line);
  if (const auto status = line.parse({arguments.begin(), dashes})) return *status;
  if (!line.operands().empty() || (external && (command.empty() || line.has("generator"))))
    return line.usage("expected -- COMMAND or --generator libseccomp");
  if (line.has("generator"))
    if (const auto word = line.choice("generator", {"libseccomp"}); !word) return word.error();
  if (line.has("confirm") && line.has("no-confirm"))
    return line.usage("options '--confirm' and '--no-confirm' exclude each other");
  if (is_job(line) && line.has("output-dir"))
    return line.usage("option '--output-dir' is for a run that is not a long job");
  const auto fuzzing = read_fuzzing(line, command);
  if (!fuzzing) return fuzzing.error();
  return is_job(line) ? fuzz_generator_job(line, *fuzzing) : fuzz(line, *fuzzing);
}

}  // namespace assay::tool
