#include "assay/fleet/summary.hpp"

#include <charconv>
#include <string_view>

namespace assay::fleet {
namespace {

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The host among the settings of a job that reads processes, so that a process is one however
// many jobs saw it; else the job.
constexpr std::string_view host =
    "CASE instr(job.settings, 'host=') WHEN 0 THEN job.id ELSE "
    "substr(job.settings, instr(job.settings, 'host='), "
    "instr(substr(job.settings || ' ', instr(job.settings, 'host=')), ' ') - 1) END";

// Results name their target as `target` or, where they are of a filter, as `file`; a process is
// pid:N, whatever follows.
std::string targets_of(std::string_view tables, std::string_view field) {
  const std::string name =
      "coalesce(json_extract(result.json, '$.target'), json_extract(result.json, '$.file'))";
  return "SELECT result.job AS job, " + name + " AS target, CASE WHEN " + name +
         " LIKE 'pid:%' THEN " + std::string(host) + " || ' ' || CASE instr(" + name +
         ", '/') WHEN 0 THEN " + name + " ELSE substr(" + name + ", 1, instr(" + name +
         ", '/') - 1) END END AS process, " + std::string(field) + " FROM " + std::string(tables) +
         "result AS result JOIN " + std::string(tables) + "job AS job ON job.id = result.job";
}

std::string filters_query(bool compared) {
  return "WITH seen AS (" +
         targets_of("main.", "json_extract(result.json, '$.fingerprint') AS fingerprint") +
         " WHERE json_extract(result.json, '$.fingerprint') IS NOT NULL) "
         "SELECT fingerprint, count(DISTINCT process), count(DISTINCT job || ' ' || target), "
         "min(target), " +
         (compared ? "fingerprint NOT IN (SELECT json_extract(result.json, '$.fingerprint') FROM "
                     "before.result WHERE json_extract(result.json, '$.fingerprint') IS NOT NULL) "
                   : "0 ") +
         "FROM seen GROUP BY fingerprint ORDER BY 2 DESC, 3 DESC, 1";
}

constexpr std::string_view rank =
    "CASE severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 "
    "WHEN 'low' THEN 3 ELSE 4 END";

std::string findings_query(bool compared) {
  const std::string each =
      "json_extract(f.value, '$.rule') AS rule, json_extract(f.value, '$.severity') AS severity, "
      "json_extract(f.value, '$.message') AS message";
  const std::string known =
      "(SELECT json_extract(g.value, '$.rule') || ' ' || json_extract(g.value, '$.message') "
      "FROM before.result, json_each(before.result.json, '$.findings') g)";
  return "WITH found AS (" + targets_of("main.", each) +
         ", json_each(result.json, '$.findings') f) "
         "SELECT rule, severity, min(message), count(DISTINCT job || ' ' || target), " +
         (compared ? "max(rule || ' ' || message NOT IN " + known + ") " : "0 ") +
         "FROM found GROUP BY rule, severity ORDER BY " + std::string(rank) + ", 4 DESC, 1";
}

}  // namespace

tl::expected<Summary, StoreError> summary_of(Store& store,
                                             const std::optional<std::string>& before) {
  Summary summary;
  summary.compared = before.has_value();
  if (before)
    if (const auto attached = store.attach(*before, "before"); !attached)
      return tl::unexpected(attached.error());
  const auto filters = store.ask(filters_query(summary.compared));
  if (!filters) return tl::unexpected(filters.error());
  for (const Store::Row& row : *filters)
    summary.filters.push_back({row[0], number(row[1]), number(row[2]), row[3], row[4] == "1"});
  const auto findings = store.ask(findings_query(summary.compared));
  if (!findings) return tl::unexpected(findings.error());
  for (const Store::Row& row : *findings)
    summary.findings.push_back({row[0], row[1], row[2], number(row[3]), row[4] == "1"});
  const auto results = store.ask("SELECT count(*) FROM main.result");
  if (!results) return tl::unexpected(results.error());
  summary.results = number(results->front().front());
  return summary;
}

}  // namespace assay::fleet
