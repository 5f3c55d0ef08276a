// assay fuzz-generator in shares: item k is profile k, and what is said of it depends on the seed
// and k alone. So disagreements are not grouped here; the totals count them by cause.
#include <atomic>
#include <chrono>
#include <sstream>
#include <thread>

#include "fuzz_generator.hpp"
#include "generator_results.hpp"
#include "long_job.hpp"

namespace assay::tool {
namespace {

using profile::Examined;
using profile::GeneratorTally;
using Clock = std::chrono::steady_clock;

constexpr std::size_t batch_items = 64;  // for each thread

// Counts as a checkpoint keeps them: the numbers, then a line for each cause.
struct Totals {
  GeneratorTally tally;
  std::map<std::string, std::uint64_t> causes;
  Confirmations confirmations;

  std::string to_text() const {
    std::ostringstream text;
    text << tally.profiles << ' ' << tally.disagreements << ' ' << tally.ambiguous << ' '
         << tally.refused << ' ' << tally.broken << ' ' << tally.not_decided << ' '
         << confirmations.confirmed << ' ' << confirmations.contradicted << ' '
         << confirmations.not_compared << '\n';
    for (const auto& [name, count] : causes) text << count << ' ' << name << '\n';
    return text.str();
  }

  bool read(const std::string& state) {
    std::istringstream text(state);
    text >> tally.profiles >> tally.disagreements >> tally.ambiguous >> tally.refused >>
        tally.broken >> tally.not_decided >> confirmations.confirmed >>
        confirmations.contradicted >> confirmations.not_compared;
    if (!text) return false;
    std::uint64_t count = 0;
    std::string name;
    while (text >> count && std::getline(text >> std::ws, name)) causes[name] = count;
    return text.eof();
  }
};

class Job {
 public:
  Job(const CommandLine& line, const GeneratorFuzzing& fuzzing, shard::Share share, fleet::Run run)
      : line_(line), fuzzing_(fuzzing), share_(share), run_(std::move(run)) {
    for (unsigned i = 0; i < fuzzing.jobs; ++i)
      campaigns_.emplace_back(fuzzing.generator(), fuzzing.seed, sample::RuleShape{},
                              fuzzing.budget);
  }

  ExitStatus operator()() {
    next_ = share_.next(run_.next());
    if (run_.next() != 0 && !totals_.read(run_.state())) return not_a_state();
    const auto start = Clock::now();
    const std::chrono::seconds limit(fuzzing_.seconds);
    while (written_ && next_ < fuzzing_.profiles) {
      if (limit.count() != 0 && Clock::now() - start >= limit) break;
      one_batch();
      if (written_) written_ = run_.reached(next_, [&] { return totals_.to_text(); });
    }
    if (written_ && !run_.complete()) end();
    return written_ ? status_of(totals_.tally) : failed(written_.error());
  }

 private:
  void one_batch() {
    std::vector<std::uint64_t> items;
    for (; next_ < fuzzing_.profiles && items.size() < batch_items * fuzzing_.jobs;
         next_ = share_.next(next_ + 1))
      items.push_back(next_);
    const std::vector<Examined> results = examined(items);
    for (std::size_t i = 0; i < items.size() && written_; ++i) tell(items[i], results[i]);
  }

  std::vector<Examined> examined(const std::vector<std::uint64_t>& items) const {
    std::vector<Examined> results(items.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&](const profile::GeneratorCampaign& campaign) {
      for (std::size_t i = next++; i < items.size(); i = next++)
        results[i] = campaign.examine(items[i]);
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < campaigns_.size(); ++i)
      threads.emplace_back(work, std::cref(campaigns_[i]));
    work(campaigns_[0]);
    for (std::thread& thread : threads) thread.join();
    return results;
  }

  void tell(std::uint64_t item, const Examined& examined) {
    totals_.tally.count(examined.outcome);
    if (!is_disagreement(examined.outcome)) return;
    ++totals_.causes[examined.cause];
    std::optional<Confirmation> asked;
    if (fuzzing_.opinion) {
      asked = confirmation(fuzzing_.opinion, examined.judgement);
      count(totals_.confirmations, *asked, examined.judgement);
    }
    Json json = json_document(line_.semantics());
    json.update(
        to_json({examined.cause, examined.simple, examined.judgement}, asked ? &*asked : nullptr));
    written_ = run_.add(item, document(json));
  }

  void end() {
    if (next_ < fuzzing_.profiles) {
      written_ = run_.save(next_, totals_.to_text());
      return;
    }
    Json totals = totals_json(totals_.tally);
    totals["causes"] = Json::object();
    for (const auto& [name, count] : totals_.causes) totals["causes"][name] = count;
    if (fuzzing_.opinion) totals["confirmations"] = to_json(totals_.confirmations);
    written_ = run_.finish(fuzzing_.profiles, document(totals), totals_.to_text());
  }

  const CommandLine& line_;
  const GeneratorFuzzing& fuzzing_;
  shard::Share share_;
  fleet::Run run_;
  std::vector<profile::GeneratorCampaign> campaigns_;
  Totals totals_;
  std::uint64_t next_ = 0;
  fleet::Run::Done written_;
};

}  // namespace

ExitStatus fuzz_generator_job(const CommandLine& line, const GeneratorFuzzing& fuzzing) {
  const auto share = share_of(line);
  if (!share) return share.error();
  std::string settings = "generator=" + fuzzing.generator_name +
                         " seed=" + std::to_string(fuzzing.seed) +
                         " profiles=" + std::to_string(fuzzing.profiles);
  for (const char* option : {"semantics", "node-limit", "time-limit", "no-confirm"})
    if (line.has(option)) settings += " " + std::string(option) + "=" + line.given(option);
  auto run = open_run(line, "fuzz-generator", settings);
  if (!run) return run.error();
  return Job(line, fuzzing, *share, std::move(*run))();
}

}  // namespace assay::tool
