#include <algorithm>
#include <cstdio>
#include <map>

#include "assay/names/syscalls.hpp"
#include "assay/verify/chain.hpp"
#include "cost_study.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

using kernel::NotTimed;
using kernel::Timing;
using Table = std::vector<std::vector<std::string>>;

constexpr std::size_t most_rows = 25;

std::string decimal(double value, int digits = 1) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

// "12" or "3..12"
std::string between(double least, double most, int digits) {
  const std::string low = decimal(least, digits);
  const std::string high = decimal(most, digits);
  return low == high ? low : low + ".." + high;
}

std::string plural(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

// Columns as wide as they need; the last one is not padded.
std::string aligned(const Table& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::string text;
  for (const auto& row : rows) {
    text += " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += " " + row[i];
      if (i + 1 < row.size()) text.append(widths[i] - row[i].size() + 1, ' ');
    }
    text += "\n";
  }
  return text;
}

std::string executed(const cost::Bounds& bounds) {
  return between(bounds.best.instructions, bounds.worst.instructions, 0);
}

std::string head(const CostStudy& study) {
  std::size_t insns = 0;
  for (const load::Filter& filter : study.stack.filters) insns += filter.instructions.size();
  std::string text = plural(study.stack.filters.size(), "filter") + ", " +
                     plural(insns, "instruction") + "; " + std::to_string(study.chain_length) +
                     " of the chain's " + std::to_string(verify::chain_limit) + ", room for " +
                     std::to_string(study.room) + " more of " +
                     (study.stack.filters.size() == 1 ? "it" : "the newest") + "\n";
  const auto& [best, worst] = study.everywhere;
  text += std::to_string(best.instructions) + " to " + std::to_string(worst.instructions) +
          " instructions executed per call\n";
  text += "  best   " + std::to_string(best.instructions) + ": " + to_options(best.witness) + "\n";
  text +=
      "  worst  " + std::to_string(worst.instructions) + ": " + to_options(worst.witness) + "\n";
  return text;
}

std::string place_of(const cost::CallRow& row) {
  return row.place.inside() ? "in the bitmap" : row.why;
}

// All calls of an arch that are kept in or out of the bitmap for one reason.
struct Group {
  std::string reason;
  std::vector<const cost::CallRow*> rows;
};

std::string names_in(const Group& group) {
  constexpr std::size_t most_names = 6;
  std::string text;
  for (std::size_t i = 0; i < group.rows.size() && i < most_names; ++i)
    text += (i == 0 ? "" : ", ") + group.rows[i]->name;
  const std::size_t left = group.rows.size() - std::min(most_names, group.rows.size());
  return left == 0 ? text : text + " and " + std::to_string(left) + " more";
}

std::string grouped(const std::vector<cost::CallRow>& rows) {
  std::string text;
  for (auto from = rows.begin(); from != rows.end();) {
    const auto to = std::find_if(from, rows.end(),
                                 [&](const cost::CallRow& row) { return row.arch != from->arch; });
    std::vector<Group> groups;
    for (auto row = from; row != to; ++row) {
      const std::string reason = place_of(*row);
      auto at = std::find_if(groups.begin(), groups.end(),
                             [&](const Group& group) { return group.reason == reason; });
      if (at == groups.end()) at = groups.insert(groups.end(), {reason, {}});
      at->rows.push_back(&*row);
    }
    Table table;
    for (const Group& group : groups) {
      std::uint32_t least = ~0U, most = 0;
      for (const cost::CallRow* row : group.rows) {
        least = std::min(least, row->bounds.best.instructions);
        most = std::max(most, row->bounds.worst.instructions);
      }
      table.push_back({group.reason, plural(group.rows.size(), "call"),
                       between(least, most, 0) + " executed", names_in(group)});
    }
    text += std::string(describe(from->arch).token) + "\n" + aligned(table);
    from = to;
  }
  return text;
}

std::string listed(const CostStudy& study, std::size_t most) {
  Table table;
  for (const cost::CallRow& row : study.rows) {
    if (table.size() == most) break;
    std::vector<std::string> cells{std::string(describe(row.arch).token), row.name};
    if (study.recording) {
      const double share = static_cast<double>(row.calls) /
                           static_cast<double>(std::max<std::uint64_t>(1, study.recording->calls));
      cells.push_back(std::to_string(row.calls));
      cells.push_back(decimal(100 * share) + " %");
    }
    cells.push_back(executed(row.bounds) + " executed");
    cells.push_back(place_of(row));
    table.push_back(std::move(cells));
  }
  std::string text = aligned(table);
  if (study.rows.size() > most)
    text += "  and " + plural(study.rows.size() - most, "call") + " more (--calls)\n";
  return text;
}

std::string recording_text(const CostStudy::Recording& recording) {
  std::string text = plural(recording.calls, "recorded call") + ", " +
                     decimal(100 * recording.mean.in_bitmap) + " % in the bitmap; " +
                     between(recording.mean.least, recording.mean.most, 2) +
                     " instructions executed per call, " +
                     between(recording.least, recording.most, 2) + " without the bitmap\n";
  if (recording.left_out != 0)
    text += plural(recording.left_out, "call") + " left out: the recording does not tell which\n";
  return text;
}

std::string advice_text(const CostStudy& study) {
  if (study.candidates->empty()) return "nothing cheaper with the same meaning was found\n";
  constexpr std::size_t most_candidates = 5;
  std::size_t insns = 0;
  for (const load::Filter& filter : study.stack.filters) insns += filter.instructions.size();
  Table table{{"", "executed per call", "worst", "instructions", "chain"},
              {"as it is", between(study.before.least, study.before.most, 2),
               std::to_string(study.everywhere.worst.instructions), std::to_string(insns),
               std::to_string(study.chain_length)}};
  for (const optimize::Candidate& candidate : *study.candidates) {
    if (table.size() == most_candidates + 2) break;
    table.push_back({title(candidate), between(candidate.mean.least, candidate.mean.most, 2),
                     std::to_string(candidate.worst), std::to_string(candidate.program.size()),
                     std::to_string(candidate.chain_cost)});
  }
  return std::string("cheaper, proven to mean the same") +
         (study.recording ? ":\n" : " (every named call counted once):\n") + aligned(table);
}

std::string timing_text(const Timing& timing) {
  if (timing.not_timed != NotTimed::None) return std::string(describe(timing.not_timed));
  return decimal(timing.added.median) + " ns [" + decimal(timing.added.low) + ".." +
         decimal(timing.added.high) + "]";
}

std::string model_text(const std::optional<double>& model) {
  return model ? "model " + decimal(*model) : "";
}

std::string hit_text(const cost::MeasuredCall& call) {
  if (call.timing.rewritten) return "refused instead, so not in the bitmap";
  if (!call.bitmap_hit) return "";
  return *call.bitmap_hit ? "found in the bitmap" : "the filters ran";
}

std::string measured_text(const cost::Measured& measured, seccomp::Arch machine) {
  std::string text = "added by the running kernel; with no filter at all " +
                     decimal(measured.nothing.median) + " ns [" + decimal(measured.nothing.low) +
                     ".." + decimal(measured.nothing.high) + "]\n";
  Table calls;
  for (const cost::MeasuredCall& call : measured.calls) {
    const auto name = names::syscall_name(machine, call.nr);
    calls.push_back({name ? std::string(*name) : "nr " + std::to_string(call.nr),
                     timing_text(call.timing), model_text(call.model),
                     plural(call.timing.executed, "instruction"), hit_text(call)});
  }
  text += aligned(calls) + "copies of the newest filter, under getppid\n";
  Table depths{{"filters", "as it is", "with the bitmap excluded", ""}};
  for (const cost::MeasuredDepth& depth : measured.depths)
    depths.push_back({std::to_string(depth.filters), timing_text(depth.timing),
                      timing_text(depth.run), model_text(depth.model)});
  text += aligned(depths);
  if (!measured.model) return text + "no model: too little of it was measured\n";
  return text + "model: " + decimal(measured.model->bitmap) + " ns in the bitmap; else " +
         decimal(measured.model->first) + " + " + decimal(measured.model->further) +
         " for each further filter + " + decimal(measured.model->instruction, 3) +
         " for each instruction\n";
}

}  // namespace

std::string title(const optimize::Candidate& candidate) {
  constexpr std::size_t most_names = 3;
  std::string calls;
  for (std::size_t i = 0; i < candidate.moved.size() && i < most_names; ++i) {
    const auto arch = seccomp::find_arch(candidate.moved[i].arch);
    const auto name = arch ? names::syscall_name(*arch, candidate.moved[i].nr) : std::nullopt;
    calls += (i == 0 ? "" : ", ") +
             (name ? std::string(*name) : "nr " + std::to_string(candidate.moved[i].nr));
  }
  const std::size_t left = candidate.moved.size() - std::min(most_names, candidate.moved.size());
  if (left != 0) calls += " and " + std::to_string(left) + " more";
  switch (candidate.change) {
    case optimize::Change::Hoisted: return "tests of " + calls + " in front";
    case optimize::Change::Tree: return "written anew as a tree";
    case optimize::Change::Mixed: return "a tree behind tests of " + calls;
  }
  return {};
}

std::string cost_text(const CommandLine& line, const CostStudy& study) {
  std::string text = head(study);
  if (study.recording) text += recording_text(*study.recording);
  if (line.has("calls") || study.recording) {
    text += listed(study, line.has("calls") ? study.rows.size() : most_rows);
  } else {
    text += grouped(study.rows);
  }
  if (study.candidates) text += advice_text(study);
  if (study.measured) text += measured_text(*study.measured, line.semantics().machine);
  return text;
}

}  // namespace assay::tool
