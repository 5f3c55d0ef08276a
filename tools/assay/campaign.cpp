// assay campaign: random programs and records, our answers beside the running kernel's.
#include "assay/kernel/campaign.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "command_line.hpp"
#include "long_job.hpp"

namespace assay::tool {
namespace {

using Clock = std::chrono::steady_clock;
using kernel::Campaign;
using kernel::Finding;
using kernel::Tally;

constexpr Manual manual{
    "campaign", "",
    "Draws random filters and records and compares acceptance, return values and verdicts with\n"
    "those of the running kernel. No call is carried out.",
    "Program k depends on the seed and k alone: shares (--shard I/N) may run anywhere, and their\n"
    "counts add up. --seconds only stops earlier. A mismatch is made small, printed, and with\n"
    "--findings saved in a file that tests/data/kernel/findings can take.\n"
    "Needs no privilege but no_new_privs. One process at a time asks the kernel; others wait.\n"
    "Exit status: 0 all agree; 1 some do not, or an opcode, action or rule of acceptance was "
    "never\n"
    "met (when all programs were drawn and there is one share); 4 this kernel cannot be asked.",
    "  $ assay campaign --quiet --programs 30000 --seed 7\n"
    "  30000 programs: 30000 acceptances, 35946 verdicts compared, 0 mismatches"};

constexpr std::uint64_t batch_items = 4096;
// A long job of low priority on a busy machine waits rather than gives up.
constexpr std::chrono::seconds patience{30};

struct Request {
  kernel::CampaignPlan plan;
  std::uint64_t programs = 0;
  std::chrono::seconds limit{0};  // 0: none
  shard::Share share;
  std::string findings;
};

tl::expected<Request, ExitStatus> read_request(const CommandLine& line) {
  Request request;
  constexpr unsigned most = 4'000'000'000;
  const auto seed = line.number("seed", 0, most, 1);
  const auto programs = line.number("programs", 1, most, 100'000);
  const auto seconds = line.number("seconds", 1, 1'000'000, 0);
  const auto records = line.number("records", 1, 100'000, 32);
  for (const auto* each : {&seed, &programs, &seconds, &records})
    if (!*each) return tl::unexpected(each->error());
  request.plan.seed = *seed;
  request.plan.records = *records;
  request.plan.narrow = kernel::Oracle::narrow_arch();
  request.programs = *programs;
  request.limit = std::chrono::seconds(*seconds);
  const auto share = share_of(line);
  if (!share) return tl::unexpected(share.error());
  request.share = *share;
  request.findings = line.text("findings");
  return request;
}

std::string kernel_name() {
  utsname name{};
  uname(&name);
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

std::string settings_of(const Request& request) {
  return "seed=" + std::to_string(request.plan.seed) +
         " records=" + std::to_string(request.plan.records) +
         " programs=" + std::to_string(request.programs);
}

class Run {
 public:
  // As a job, with a `run` to write to; else to the output.
  Run(const CommandLine& line, const Request& request, kernel::Judge& judge, Output* output,
      fleet::Run* run)
      : line_(line),
        request_(request),
        output_(output),
        run_(run),
        campaign_(judge, request.plan, [this](const Finding& finding) { tell(finding); }) {}

  ExitStatus operator()() {
    if (run_ != nullptr && !go_on()) return not_a_state();
    const auto start = Clock::now();
    while (next_ < request_.programs && written_) {
      if (request_.limit.count() != 0 && Clock::now() - start >= request_.limit) break;
      if (const auto done = campaign_.run(batch()); !done) {
        complain("campaign: " + std::string(kernel::describe(done.error().kind)) +
                 (done.error().error != 0 ? ", errno " + std::to_string(done.error().error) : ""));
        return cannot;
      }
      if (run_ != nullptr && written_)
        written_ = run_->reached(next_, [&] { return kernel::to_text(campaign_.tally()); });
    }
    if (written_) end();
    return written_ ? status() : failed(written_.error());
  }

 private:
  // The share's next items; next_ is then behind them.
  std::vector<std::uint64_t> batch() {
    std::vector<std::uint64_t> items;
    while (items.size() < batch_items) {
      const std::uint64_t item = request_.share.next(next_);
      if (item >= request_.programs) {
        next_ = request_.programs;
        break;
      }
      items.push_back(item);
      next_ = item + 1;
    }
    return items;
  }

  bool go_on() {
    next_ = run_->next();
    if (next_ == 0) return true;
    const auto tally = kernel::parse_tally(run_->state());
    if (!tally) return false;
    next_ = std::min(next_, request_.programs);
    for (std::uint64_t item = request_.share.next(0); item < next_;
         item = request_.share.next(item + 1))
      campaign_.remember(item);
    campaign_.set_tally(*tally);
    return true;
  }

  void tell(const Finding& finding) {
    std::string file;
    if (!request_.findings.empty()) file = save(finding);
    if (run_ == nullptr && !line_.json()) {
      output_->write(line_.paint()(Shade::Bad, "mismatch") + "\n" + kernel::to_text(finding));
      if (!file.empty()) output_->write("saved as " + file + "\n");
      return;
    }
    Json json = json_document(line_.semantics());
    json["kind"] = kernel::name(finding.kind);
    json["seed"] = finding.seed;
    json["item"] = finding.item;
    json["ours"] = finding.ours;
    json["kernel"] = finding.theirs;
    json["finding"] = kernel::to_text(finding);
    if (!file.empty()) json["file"] = file;
    if (run_ == nullptr)
      output_->write(json_line(json));
    else if (written_)
      written_ = run_->add(finding.item, document(json));
  }

  std::string save(const Finding& finding) const {
    const std::string path = request_.findings + "/" + std::string(kernel::name(finding.kind)) +
                             "-" + std::to_string(finding.seed) + "-" +
                             std::to_string(finding.item) + ".txt";
    std::error_code ignored;
    std::filesystem::create_directories(request_.findings, ignored);
    auto file = Output::open(path);
    if (!file) {
      complain(file.error());
      return "";
    }
    file->write(kernel::to_text(finding));
    return file->finish(yes) == yes ? path : "";
  }

  bool complete() const { return next_ >= request_.programs; }

  // The last document is that of a share that has done all of its programs.
  void end() {
    const Tally& tally = campaign_.tally();
    if (run_ == nullptr) {
      const auto unmet = kernel::unmet(tally);
      output_->write(line_.json() ? json(tally, complete(), unmet)
                                  : text(tally, complete(), unmet));
    } else if (complete() && !run_->complete()) {
      written_ = run_->finish(request_.programs, document(totals(tally)), kernel::to_text(tally));
    } else if (!run_->complete()) {
      written_ = run_->save(next_, kernel::to_text(tally));
    }
  }

  ExitStatus status() const {
    if (campaign_.tally().mismatches != 0) return no;
    const bool whole = complete() && request_.share.count == 1;
    return whole && !kernel::unmet(campaign_.tally()).empty() ? no : yes;
  }

  // What shares add up to. Programs that are distinct in each need not be so in all.
  static Json totals(const Tally& tally) {
    Json json{{"kernel", kernel_name()},          {"programs", tally.programs},
              {"acceptances", tally.acceptances}, {"accepted", tally.accepted},
              {"verdicts", tally.verdicts},       {"mismatches", tally.mismatches},
              {"counts", Json::object()}};
    for (const auto& [name, count] : tally.counts) json["counts"][name] = count;
    return json;
  }

  std::string text(const Tally& tally, bool complete, const std::vector<std::string>& unmet) const {
    std::string text = std::to_string(tally.programs) +
                       " programs: " + std::to_string(tally.acceptances) + " acceptances, " +
                       std::to_string(tally.verdicts) + " verdicts compared, " +
                       line_.paint()(tally.mismatches == 0 ? Shade::Good : Shade::Bad,
                                     std::to_string(tally.mismatches) + " mismatches") +
                       "\n";
    if (!complete) text += "stopped in front of program " + std::to_string(next_) + "\n";
    if (!line_.quiet())
      for (const auto& [name, count] : tally.counts)
        text += "  " + name + std::string(name.size() < 40 ? 40 - name.size() : 1, ' ') +
                std::to_string(count) + "\n";
    for (const std::string& name : unmet) text += "never met: " + name + "\n";
    return text;
  }

  std::string json(const Tally& tally, bool complete, const std::vector<std::string>& unmet) const {
    Json json = json_document(line_.semantics());
    json["kernel"] = kernel_name();
    json["seed"] = request_.plan.seed;
    json["shard"] = shard::to_string(request_.share);
    json["complete"] = complete;
    json["next"] = next_;
    json["programs"] = tally.programs;
    json["acceptances"] = tally.acceptances;
    json["accepted"] = tally.accepted;
    json["distinct"] = tally.distinct;
    json["verdicts"] = tally.verdicts;
    json["mismatches"] = tally.mismatches;
    json["counts"] = Json::object();
    for (const auto& [name, count] : tally.counts) json["counts"][name] = count;
    json["unmet"] = unmet;
    return json_line(json);
  }

  const CommandLine& line_;
  const Request& request_;
  Output* output_;
  fleet::Run* run_;
  fleet::Run::Done written_;
  Campaign campaign_;
  std::uint64_t next_ = 0;
};

// "0,1,5/64": the shares of a campaign in 64.
tl::expected<std::vector<shard::Share>, ExitStatus> shares_of(const CommandLine& line) {
  const std::string text = line.text("distinct");
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::vector<shard::Share> shares;
  for (std::size_t at = 0; at <= slash;) {
    const std::size_t end = std::min(text.find(',', at), slash);
    const auto share = shard::parse_share(text.substr(at, end - at) + text.substr(slash));
    if (!share)
      return tl::unexpected(line.usage("option '--distinct': found '" + load::printable(text, 80) +
                                       "', expected I,J,.../N, such as 0,1,5/64"));
    shares.push_back(*share);
    at = end + 1;
  }
  return shares;
}

ExitStatus count_distinct(const CommandLine& line, const Request& request) {
  const auto shares = shares_of(line);
  if (!shares) return shares.error();
  auto output = line.open_output();
  if (!output) return output.error();
  kernel::DistinctPrograms programs(request.plan.seed);
  for (const shard::Share& share : *shares)
    for (std::uint64_t item = share.next(0); item < request.programs; item = share.next(item + 1))
      programs.add(item);
  if (line.json()) {
    Json json = json_document(line.semantics());
    json["distinct"] = programs.count();
    output->write(json_line(json));
  } else {
    output->write(std::to_string(programs.count()) + " distinct programs are judged\n");
  }
  return output->finish(yes);
}

}  // namespace

ExitStatus run_campaign(const Arguments& arguments) {
  CommandLine line(manual);
  line.add(
      {{"seed", OptionKind::Text, "S", "what is drawn (default 1)"},
       {"programs", OptionKind::Text, "N", "how many programs are drawn (default 100000)"},
       {"records", OptionKind::Text, "N", "for each judged program, one in 32 (default 32)"},
       {"seconds", OptionKind::Text, "N", "stop after so long, at a batch's end"},
       {"findings", OptionKind::Text, "DIR", "save each mismatch there"},
       {"distinct", OptionKind::Text, "I,J/N", "ask nothing: how many programs these shares judge"},
       {"jobs", OptionKind::Text, "J",
        "for scripts: changes neither results nor speed, since the kernel's answers come one "
        "at a time"}});
  add_job_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (!line.operands().empty()) return line.usage("expected options only");
  if (const auto jobs = read_jobs(line); !jobs) return jobs.error();
  const auto request = read_request(line);
  if (!request) return request.error();
  if (line.has("distinct")) return count_distinct(line, *request);
  kernel::OracleLimits limits;
  limits.per_batch = patience;
  auto oracle = kernel::Oracle::open(limits);
  if (!oracle) {
    complain("campaign: " + std::string(kernel::describe(oracle.error().lack)) + ", errno " +
             std::to_string(oracle.error().error));
    return cannot;
  }
  kernel::KernelJudge judge(*oracle);
  if (is_job(line)) {
    auto run = open_run(line, "campaign", settings_of(*request));
    return run ? Run(line, *request, judge, nullptr, &*run)() : run.error();
  }
  auto output = line.open_output();
  if (!output) return output.error();
  return output->finish(Run(line, *request, judge, &*output, nullptr)());
}

}  // namespace assay::tool
