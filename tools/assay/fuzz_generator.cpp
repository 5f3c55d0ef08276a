// assay fuzz-generator: random rules through a generator of filters, each result proven or
// refuted.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>

#include "assay/bpf/codec.hpp"
#include "assay/profile/generator_campaign.hpp"
#include "assay/shard/share.hpp"
#include "assay/text/verdict.hpp"
#include "budget_options.hpp"
#include "command_line.hpp"
#include "json.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

using profile::Cause;
using profile::GeneratorTally;

constexpr Manual manual{
    "fuzz-generator", "[-- COMMAND [ARGUMENTS]]",
    "Draws random rules, lets a generator make a filter of them, and compares the filter with\n"
    "what the rules mean, over all inputs. What disagrees is made small, and told once for each\n"
    "distinct cause.",
    "COMMAND gets linux.seccomp of the OCI runtime-spec as JSON on stdin, and answers with a raw\n"
    "little-endian filter on stdout and exit 0, or says why not on stderr and exits non-zero.\n"
    "Without COMMAND the generator is the installed libseccomp, through its API, as list and as\n"
    "tree. Rules whose meaning no documentation settles are counted apart, as ambiguous.\n"
    "With --output-dir each cause leaves NUMBER.json (the profile), NUMBER.bpf (the filter) and\n"
    "NUMBER.txt (the rules, the witness, both verdicts).\n"
    "Exit status: 0 no disagreement, 1 some, 3 COMMAND does not work, 5 some not decided.",
    "  $ assay fuzz-generator --profiles 20 -- false\n"
    "  ..."};

struct Settings {
  std::uint64_t profiles = 10'000;
  std::uint64_t seed = 1;
  unsigned seconds = 0;  // 0: no limit
  unsigned jobs = 1;
  shard::Share share;
};

// What the threads share.
class Job {
 public:
  // Each thread has a generator of its own.
  Job(std::function<profile::Generator()> generator, const Settings& settings,
      const symbolic::Budget& budget)
      : generator_(std::move(generator)),
        settings_(settings),
        budget_(budget),
        end_(std::chrono::steady_clock::now() + std::chrono::seconds(settings.seconds)) {}

  GeneratorTally run() {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < settings_.jobs; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    return std::move(tally_);
  }

 private:
  void work() {
    profile::GeneratorCampaign campaign(generator_(), settings_.seed, {}, budget_);
    while (!late()) {
      const std::uint64_t item = next_++;
      if (item >= settings_.profiles) break;
      campaign.run(settings_.share.index + item * settings_.share.count);
    }
    const std::lock_guard lock(mutex_);
    tally_.add(campaign.tally());
  }

  bool late() const { return settings_.seconds != 0 && std::chrono::steady_clock::now() >= end_; }

  std::function<profile::Generator()> generator_;
  const Settings& settings_;
  const symbolic::Budget& budget_;
  std::chrono::steady_clock::time_point end_;
  std::atomic<std::uint64_t> next_{0};
  std::mutex mutex_;
  GeneratorTally tally_;
};

std::vector<const Cause*> by_count(const GeneratorTally& tally) {
  std::vector<const Cause*> causes;
  for (const auto& [name, cause] : tally.causes) causes.push_back(&cause);
  std::stable_sort(causes.begin(), causes.end(),
                   [](const Cause* a, const Cause* b) { return a->count > b->count; });
  return causes;
}

Json to_json(const CommandLine& line, const Cause& cause) {
  Json json = json_document(line.semantics());
  json["cause"] = cause.name;
  json["count"] = cause.count;
  json["first"] = cause.first;
  json["outcome"] = name(cause.judgement.outcome);
  json["rules"] = profile::to_text(cause.request);
  json["profile"] = Json::parse(profile::to_oci_json(cause.request.rules, cause.request.host));
  json["tree"] = cause.request.tree;
  const auto& witness = cause.judgement.witness;
  json["witness"] = witness ? to_record(*witness) : Json();
  json["intended"] = witness ? Json(text::to_text(cause.judgement.intended)) : Json();
  json["actual"] = witness ? Json(text::to_text(cause.judgement.actual)) : Json();
  json["filter"] = bpf::encode(cause.judgement.filter, bpf::Format::Hex);
  json["why"] = cause.judgement.why.empty() ? Json() : Json(cause.judgement.why);
  return json;
}

std::string to_text(const Cause& cause) {
  std::string text = cause.name + "\n  " + std::to_string(cause.count) + " profiles, first " +
                     std::to_string(cause.first) + "; minimised:\n";
  std::string rules = profile::to_text(cause.request);
  for (std::size_t at = 0; at < rules.size(); at = rules.find('\n', at) + 1)
    text += "    " + rules.substr(at, rules.find('\n', at) + 1 - at);
  const auto& judgement = cause.judgement;
  if (judgement.witness)
    text += "  " + to_options(*judgement.witness) + ": " + text::to_text(judgement.intended) +
            " meant, " + text::to_text(judgement.actual) + " returned\n";
  if (!judgement.why.empty()) text += "  " + load::printable(judgement.why) + "\n";
  return text;
}

Json to_json(const CommandLine& line, const GeneratorTally& tally) {
  Json json = json_document(line.semantics());
  json["profiles"] = tally.profiles;
  json["disagreements"] = tally.disagreements;
  json["causes"] = tally.causes.size();
  json["ambiguous"] = tally.ambiguous;
  json["refused"] = tally.refused;
  json["broken"] = tally.broken;
  json["not_decided"] = tally.not_decided;
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

// NUMBER.json, .bpf and .txt, from 1; a status after a complaint.
ExitStatus store(const std::string& folder, std::span<const Cause* const> causes) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  for (std::size_t i = 0; i < causes.size(); ++i) {
    const std::string stem = folder + "/" + std::to_string(i + 1);
    const Cause& cause = *causes[i];
    const std::pair<const char*, std::string> files[] = {
        {".json", profile::to_oci_json(cause.request.rules, cause.request.host)},
        {".bpf", bpf::encode(cause.judgement.filter, bpf::Format::Raw)},
        {".txt", to_text(cause)}};
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

tl::expected<Settings, ExitStatus> read_settings(const CommandLine& line) {
  Settings settings;
  const auto number = [&](const char* option, unsigned lowest, unsigned otherwise, auto& to) {
    const auto value = line.number(option, lowest, 0xffffffff, otherwise);
    if (value) to = *value;
    return value;
  };
  if (const auto status = number("profiles", 1, 10'000, settings.profiles); !status)
    return tl::unexpected(status.error());
  if (const auto status = number("seed", 0, 1, settings.seed); !status)
    return tl::unexpected(status.error());
  if (const auto status = number("seconds", 1, 0, settings.seconds); line.has("seconds") && !status)
    return tl::unexpected(status.error());
  if (const auto status = number("jobs", 1, 1, settings.jobs); !status)
    return tl::unexpected(status.error());
  settings.jobs = std::min(settings.jobs, 256U);
  const auto share = shard::parse_share(line.text("shard", "0/1"));
  if (!share)
    return tl::unexpected(line.usage("option '--shard': found '" +
                                     load::printable(line.text("shard"), 40) +
                                     "', expected a share such as 0/8"));
  settings.share = *share;
  return settings;
}

ExitStatus status_of(const GeneratorTally& tally) {
  if (tally.broken != 0) return bad_input;
  if (tally.disagreements != 0) return no;
  return tally.not_decided != 0 ? not_decided : yes;
}

}  // namespace

ExitStatus run_fuzz_generator(const Arguments& arguments) {
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  const bool external = dashes != arguments.end();
  const Arguments command(external ? dashes + 1 : dashes, arguments.end());
  CommandLine line(manual);
  line.add({{"generator", OptionKind::Text, "NAME", "libseccomp: the installed one"},
            {"profiles", OptionKind::Text, "N", "how many (10000)"},
            {"seconds", OptionKind::Text, "N", "stop after so long, if that is earlier"},
            {"seed", OptionKind::Text, "S", "profile k depends on S and k alone (1)"},
            {"shard", OptionKind::Text, "I/N", "every N-th profile from I on"},
            {"jobs", OptionKind::Text, "J", "at a time (1); never changes results"},
            {"output-dir", OptionKind::Text, "DIR", "where each cause is stored"}});
  add_budget_options(line);
  if (const auto status = line.parse({arguments.begin(), dashes})) return *status;
  if (!line.operands().empty() || (external && (command.empty() || line.has("generator"))))
    return line.usage("expected -- COMMAND or --generator libseccomp");
  if (line.has("generator"))
    if (const auto word = line.choice("generator", {"libseccomp"}); !word) return word.error();
  const auto settings = read_settings(line);
  if (!settings) return settings.error();
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  auto output = line.open_output();
  if (!output) return output.error();

  const auto generator = [&] {
    return external ? profile::command_generator(command) : profile::guarded_libseccomp_generator();
  };
  const GeneratorTally tally = Job(generator, *settings, *budget).run();
  const auto causes = by_count(tally);
  for (const Cause* cause : causes)
    output->write(line.json() ? json_line(to_json(line, *cause)) : to_text(*cause));
  output->write(line.json() ? json_line(to_json(line, tally)) : to_text(tally));
  ExitStatus status = status_of(tally);
  if (line.has("output-dir")) status = worse(status, store(line.text("output-dir"), causes));
  return output->finish(status);
}

}  // namespace assay::tool
