// assay merge: the results of shares put together, and what people ask of them.
#include "assay/fleet/merge.hpp"

#include <algorithm>
#include <map>

#include "assay/fleet/summary.hpp"
#include "command_line.hpp"
#include "json.hpp"

namespace assay::tool {
namespace {

constexpr Manual manual{
    "merge", "FILE...",
    "Puts the results of shares together: any order, any of them twice. What is missing, cut\n"
    "off, in conflict or there twice is named. Then says how many different filters there are,\n"
    "behind how many processes, and what was found.",
    "FILE is what a command wrote with --shard, --checkpoint or --database; - is stdin. With\n"
    "--format json the results come out as one run without shares would have written them, or\n"
    "with --summary one object with the answers. docs/formats/results.md has the documents.\n"
    "With --into and --quiet the results are kept and nothing is said, which a fleet of many "
    "files\n"
    "wants: xargs assay merge --quiet --into FILE, and at the end assay merge FILE.\n"
    "Exit status: 0, 1 when something is missing, cut off or in conflict, 3 no results.",
    "  $ assay fingerprint --shard 0/2 exec.txt openat.txt | assay merge -\n"
    "  1 of 2 shares of fingerprint targets=2#2390cb5c254854c7\n"
    "  1 results\n"
    "  ..."};

struct Merged {
  fleet::Store store;
  fleet::Merge merge{store};
};

ExitStatus complain_of(const fleet::StoreError& error) {
  complain(load::printable(error.file) + ": " + load::printable(error.reason));
  return cannot;
}

void name_all(const std::vector<fleet::Flaw>& flaws, std::uint64_t count, const char* more) {
  for (const fleet::Flaw& flaw : flaws)
    complain((flaw.file.empty() ? "" : load::printable(flaw.file) + ": ") +
             std::string(fleet::name(flaw.kind)) + ": " + load::printable(flaw.detail));
  if (count > flaws.size()) complain("and " + std::to_string(count - flaws.size()) + more);
}

ExitStatus add_all(const CommandLine& line, fleet::Merge& merge) {
  ExitStatus worst = yes;
  for (const std::string& file : line.operands())
    if (const auto added = merge.add(file); !added) {
      complain(fleet::to_string(added.error()));
      worst = bad_input;
    }
  if (const auto ended = merge.end(); !ended) {
    complain(fleet::to_string(ended.error()));
    return cannot;
  }
  name_all(merge.repeats(), merge.repeat_count(), " more duplicates");
  name_all(merge.flaws(), merge.flaw_count(), " more");
  return worse(worst, merge.flaw_count() > 0 ? no : yes);
}

bool same_job(const shard::Job& a, const shard::Job& b) {
  return a.command == b.command && a.settings == b.settings;
}

// A job, whatever its share, and how many of its shares have ended.
struct JobShares {
  shard::Job job;
  std::uint64_t ended = 0;
  std::uint64_t of = 0;
};

// Shares come in the order of jobs.
std::vector<JobShares> jobs_of(const std::vector<fleet::ShareState>& shares) {
  std::vector<JobShares> jobs;
  for (const fleet::ShareState& share : shares) {
    if (jobs.empty() || !same_job(jobs.back().job, share.job)) jobs.push_back({share.job, 0, 0});
    jobs.back().ended += share.complete ? 1 : 0;
    jobs.back().of = std::max(jobs.back().of, share.job.share.count);
  }
  return jobs;
}

Json summary_json(const CommandLine& line, const fleet::Summary& summary,
                  const fleet::Merge& merge) {
  Json json = json_document(line.semantics());
  json["results"] = summary.results;
  json["duplicates"] = merge.duplicates();
  json["flaws"] = Json::array();
  for (const fleet::Flaw& flaw : merge.flaws())
    json["flaws"].push_back(
        {{"kind", fleet::name(flaw.kind)}, {"file", flaw.file}, {"detail", flaw.detail}});
  json["filters"] = Json::array();
  for (const fleet::FilterCount& filter : summary.filters) {
    Json entry{{"fingerprint", filter.fingerprint},
               {"processes", filter.processes},
               {"targets", filter.targets},
               {"example", filter.example}};
    if (summary.compared) entry["new"] = filter.fresh;
    json["filters"].push_back(entry);
  }
  json["findings"] = Json::array();
  for (const fleet::FindingCount& finding : summary.findings) {
    Json entry{{"rule", finding.rule},
               {"severity", finding.severity},
               {"targets", finding.targets},
               {"message", finding.message}};
    if (summary.compared) entry["new"] = finding.fresh;
    json["findings"].push_back(entry);
  }
  return json;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size() + 1, width), ' ');
  return text;
}

// Of a fleet, where each node has a job of its own, only those that lack something are named.
std::string shares_text(const std::vector<fleet::ShareState>& shares) {
  constexpr std::size_t few = 10;
  const std::vector<JobShares> jobs = jobs_of(shares);
  std::map<std::string, std::uint64_t> whole;
  std::string text;
  for (const auto& [job, ended, of] : jobs) {
    if (jobs.size() > few && ended == of) {
      ++whole[job.command];
      continue;
    }
    text += std::to_string(ended) + " of " + std::to_string(of) + " shares of " + job.command +
            (job.settings.empty() ? "" : " ") + load::printable(job.settings, 160) + "\n";
  }
  for (const auto& [command, count] : whole)
    text += std::to_string(count) + " jobs of " + command + ", with all of their shares\n";
  return text;
}

std::string summary_text(const fleet::Summary& summary) {
  const auto mark = [&](bool fresh) { return summary.compared && fresh ? "new  " : ""; };
  std::string text = std::to_string(summary.results) + " results\n";
  if (!summary.filters.empty())
    text += std::to_string(summary.filters.size()) + " different filters:\n";
  for (const fleet::FilterCount& filter : summary.filters)
    text += "  " + padded(std::to_string(filter.processes) + " processes", 18) +
            padded(std::to_string(filter.targets) + " targets", 16) + mark(filter.fresh) +
            filter.fingerprint.substr(0, 19) + "  " + load::printable(filter.example, 80) + "\n";
  if (!summary.findings.empty()) text += "findings:\n";
  for (const fleet::FindingCount& finding : summary.findings)
    text += "  " + padded(finding.severity, 10) + padded(finding.rule, 28) +
            padded(std::to_string(finding.targets) + " targets", 16) + mark(finding.fresh) +
            load::printable(finding.message, 120) + "\n";
  return text;
}

ExitStatus write_results(const std::vector<fleet::ShareState>& shares, const fleet::Store& store,
                         Output& output) {
  for (const JobShares& one : jobs_of(shares)) {
    const auto written = fleet::write_whole(store, one.job, [&](std::string_view document) {
      output.write(document);
      output.write("\n");
    });
    if (!written) return complain_of(written.error());
  }
  return yes;
}

std::optional<std::string> before(const CommandLine& line) {
  return line.has("since") ? std::optional(line.text("since")) : std::nullopt;
}

ExitStatus write_answers(const CommandLine& line, const std::vector<fleet::ShareState>& shares,
                         Merged& merged, Output& output) {
  const auto summary = fleet::summary_of(merged.store, before(line));
  if (!summary) return complain_of(summary.error());
  output.write(line.json() ? json_line(summary_json(line, *summary, merged.merge))
                           : shares_text(shares) + summary_text(*summary));
  return yes;
}

ExitStatus merge(const CommandLine& line, fleet::Store store) {
  Merged merged{std::move(store)};
  const ExitStatus status = add_all(line, merged.merge);
  if (status == cannot) return status;
  const auto shares = merged.store.shares();
  if (!shares) return complain_of(shares.error());
  auto output = line.open_output();
  if (!output) return output.error();
  const auto write = [&] {
    if (line.json() && !line.has("summary")) return write_results(*shares, merged.store, *output);
    if (line.has("into") && line.quiet() && !line.json()) return yes;
    return write_answers(line, *shares, merged, *output);
  };
  return output->finish(worse(status, write()));
}

}  // namespace

ExitStatus run_merge(const Arguments& arguments) {
  CommandLine line(manual);
  line.add({
      {"into", OptionKind::Text, "FILE", "keep the results in an SQLite file, with what is there"},
      {"summary", OptionKind::Flag, "", "with --format json: the answers, not the results"},
      {"since", OptionKind::Text, "FILE", "mark what an older --into FILE does not have as new"},
  });
  if (const auto status = line.parse(arguments)) return *status;
  if (line.operands().empty()) return line.usage("expected a FILE");
  if (line.has("since"))
    if (const auto older = fleet::Store::open_existing(line.text("since")); !older) {
      complain_of(older.error());
      return bad_input;
    }
  auto store = fleet::Store::open(line.text("into"));
  if (!store) {
    complain_of(store.error());
    return bad_input;
  }
  return merge(line, std::move(*store));
}

}  // namespace assay::tool
