// The whole policy as tables, one for each arch, a row for each call: verdict by verdict with
// its condition, of one target or of two side by side.
#include <algorithm>
#include <map>

#include "assay/names/syscalls.hpp"
#include "assay/text/verdict.hpp"
#include "report/markup.hpp"
#include "report/sections.hpp"

namespace assay::report {
namespace {

using seccomp::Verdict;
using text::ArchPolicy;
using text::Scope;

// One line of a cell: under this condition, this pair of verdicts.
struct Line {
  std::string condition;
  std::uint32_t pair = 0;
};

struct Row {
  std::uint32_t first = 0;  // number
  std::string number;
  std::string call;
  std::vector<Line> lines;
};

std::string range_text(const text::NumberRange& range) {
  const std::string first = number_text(range.first);
  return range.first == range.last ? first : first + ".." + number_text(range.last);
}

std::string scope_title(const text::Policy& policy, const Scope& scope) {
  switch (scope.kind) {
    case Scope::Kind::Named: return text::name(scope);
    case Scope::Kind::Values: return "arch " + text::name(scope);
    case Scope::Kind::OtherBigEndian: return "Any other big-endian arch";
    case Scope::Kind::Other: break;
  }
  return policy.size() == 1 ? "Any arch" : "Any other arch";
}

class Table {
 public:
  Table(const Facts& facts, std::size_t at)
      : facts_(facts), at_(at), arch_(facts.meaning.policy[at]) {
    for (const text::Rule& rule : arch_.rules) take(rule);
    add_silent_calls();
    finish_conditional_rows();
    std::sort(rows_.begin(), rows_.end(),
              [](const Row& a, const Row& b) { return a.first < b.first; });
  }

  // Takes from `room` what it needs of the rows that the page may still have.
  std::string html(std::size_t& room) const {
    const std::string title = scope_title(facts_.meaning.policy, arch_.scope);
    const std::size_t shown = std::min(rows_.size(), room);
    room -= shown;
    std::string text =
        "<section class=\"arch\" data-arch=\"" + escaped(text::name(arch_.scope)) + "\"><h3>" +
        escaped(title) + "</h3>\n" +
        "<div class=\"rows\" tabindex=\"0\" role=\"region\" aria-label=\"Policy for " +
        escaped(title) + "\"><table class=\"policy\"><caption class=\"unseen\">Policy for " +
        escaped(title) +
        "</caption><thead><tr><th scope=\"col\" class=\"nr\">Nr"
        "</th><th scope=\"col\" class=\"call\">System call</th>";
    const bool several = facts_.subjects.size() > 1;
    for (std::size_t i = 0; i < facts_.subjects.size(); ++i)
      text += "<th scope=\"col\" class=\"insns\">" + (several ? side(facts_, i) + " " : "") +
              "Instructions</th><th scope=\"col\">" + (several ? side(facts_, i) + " " : "") +
              "Verdict</th>";
    text += "</tr></thead><tbody>\n";
    for (std::size_t i = 0; i < shown; ++i) text += row_html(rows_[i]);
    text += row_html(default_row());
    text += "</tbody></table></div>\n";
    if (shown < rows_.size())
      text += "<p class=\"note\">" + std::to_string(rows_.size() - shown) +
              " rows more are left out; <code>assay explain</code> prints all.</p>\n";
    return text + "</section>\n";
  }

  std::size_t size() const { return rows_.size() + 1; }

 private:
  // Rows of one call stand under its number; a rule for all numbers has a row of its own.
  void take(const text::Rule& rule) {
    const bool always = rule.condition.kind == text::Expression::Kind::Always;
    const Line line{always ? "" : text::to_text(rule.condition), rule.verdict.value};
    if (rule.rest || rule.numbers == text::numbers_of(arch_.scope)) {
      rest_.push_back(line);
      return;
    }
    for (const text::Syscalls& item : text::syscalls_of(arch_.scope, rule)) {
      Row& row = row_of(item.numbers);
      row.call = item.name;
      row.lines.push_back(line);
    }
  }

  Row& row_of(const text::NumberRange& range) {
    const auto key = std::pair(range.first, range.last);
    const auto [found, is_new] = index_.emplace(key, rows_.size());
    if (is_new) rows_.push_back({range.first, range_text(range), {}, {}});
    return rows_[found->second];
  }

  // Calls of which no rule speaks have the default too, and a reader looks for them by name.
  void add_silent_calls() {
    if (arch_.scope.kind != Scope::Kind::Named) return;
    std::vector<text::NumberRange> spoken;
    for (const Row& row : rows_) spoken.push_back({row.first, row.first});
    for (const auto& [key, unused] : index_) spoken.push_back({key.first, key.second});
    const auto is_spoken_of = [&](std::uint32_t nr) {
      return std::any_of(spoken.begin(), spoken.end(), [&](const text::NumberRange& range) {
        return range.first <= nr && nr <= range.last;
      });
    };
    for (const std::string_view name : names::all_syscall_names(arch_.scope.arch)) {
      const auto nr = names::syscall_number(arch_.scope.arch, name);
      if (!nr || names::syscall_name(arch_.scope.arch, *nr) != name || is_spoken_of(*nr)) continue;
      Row& row = row_of({*nr, *nr});
      row.call = name;
      row.lines = rest_;
    }
  }

  // What a call's conditions leave over.
  void finish_conditional_rows() {
    const auto& complete = facts_.meaning.complete[at_];
    for (Row& row : rows_) {
      const bool sure = std::any_of(row.lines.begin(), row.lines.end(),
                                    [](const Line& line) { return line.condition.empty(); });
      const bool known = std::any_of(complete.begin(), complete.end(), [&](const auto& range) {
        return range.first <= row.first && row.first <= range.last;
      });
      if (!sure && !known)
        row.lines.push_back({row.lines.empty() ? "" : "otherwise", arch_.otherwise.value});
    }
  }

  Row default_row() const {
    Row row{0, "", rows_.empty() && rest_.empty() ? "every number" : "all else", rest_};
    row.lines.push_back({rest_.empty() ? "" : "otherwise", arch_.otherwise.value});
    return row;
  }

  const std::vector<Verdict>& pair(const Line& line) const {
    return facts_.meaning.verdicts[line.pair];
  }

  std::string row_html(const Row& row) const {
    const seccomp::Semantics& semantics = facts_.options.semantics;
    std::string actions;
    bool differs = false;
    for (const Line& line : row.lines)
      for (const Verdict verdict : pair(line)) {
        const std::string word(look(verdict, semantics));
        if (actions.find(word) == std::string::npos) actions += (actions.empty() ? "" : " ") + word;
        differs = differs || !(verdict == pair(line).front());
      }
    // A range may break in the middle.
    std::string number = escaped(row.number);
    if (const std::size_t dots = number.find(".."); dots != std::string::npos)
      number.insert(dots + 2, "<wbr>");
    std::string text = "<tr data-looks=\"" + actions + "\"" + (differs ? " data-differs" : "") +
                       (row.lines.size() > 1 ? " data-conditional" : "") + "><td class=\"nr\">" +
                       number + "</td><th scope=\"row\" class=\"call\">" +
                       (row.call.empty() ? "<i>no name</i>" : escaped(row.call)) + "</th>";
    for (std::size_t i = 0; i < facts_.subjects.size(); ++i)
      text += "<td class=\"insns\">" + cost(row, i) + "</td>" + cell(row, i);
    return text + "</tr>\n";
  }

  // Of a row that is one call of a known arch.
  std::string cost(const Row& row, std::size_t subject) const {
    const bool one = !row.number.empty() && row.number.find("..") == std::string::npos;
    if (!one || arch_.scope.kind != Scope::Kind::Named) return {};
    return cost_html(facts_.costs[subject], seccomp::describe(arch_.scope.arch).audit, row.first);
  }

  std::string cell(const Row& row, std::size_t subject) const {
    // Lines that give this subject one verdict, whatever they give the other, are one.
    std::vector<std::pair<Verdict, std::string>> lines;
    const bool alike = std::all_of(row.lines.begin(), row.lines.end(), [&](const Line& line) {
      return pair(line)[subject] == pair(row.lines.front())[subject];
    });
    for (const Line& line : row.lines) {
      lines.emplace_back(pair(line)[subject], alike ? "" : line.condition);
      if (alike) break;
    }
    std::string text = "<td>";
    for (const auto& [verdict, condition] : lines) {
      text += "<div class=\"case\">" + verdict_html(verdict, facts_.options.semantics);
      if (condition == "otherwise") {
        text += " <span class=\"if\">otherwise</span>";
      } else if (!condition.empty()) {
        text += " <span class=\"if\">if</span> <code>" + escaped(condition) + "</code>";
      }
      text += "</div>";
    }
    return text + "</td>";
  }

  const Facts& facts_;
  std::size_t at_;
  const ArchPolicy& arch_;
  std::vector<Row> rows_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> index_;
  std::vector<Line> rest_;
};

std::string checkbox(std::string_view name, std::string_view label, bool on) {
  return "<label class=\"choice\"><input type=\"checkbox\" name=\"" + std::string(name) + "\"" +
         (on ? " checked" : "") + "> " + std::string(label) + "</label>\n";
}

std::vector<std::string> looks_in(const Facts& facts) {
  std::vector<std::string> looks;
  for (const auto& pair : facts.meaning.verdicts)
    for (const Verdict verdict : pair) looks.emplace_back(look(verdict, facts.options.semantics));
  std::sort(looks.begin(), looks.end());
  looks.erase(std::unique(looks.begin(), looks.end()), looks.end());
  return looks;
}

std::string_view look_title(std::string_view look) {
  if (look == "allow") return "Allowed";
  if (look == "log") return "Logged";
  if (look == "ask") return "Asks";
  if (look == "errno") return "Fails";
  if (look == "trap") return "Traps";
  return "Kills";
}

std::string filters(const Facts& facts) {
  std::string text =
      "<form class=\"filters\" id=\"policy-filters\" role=\"search\" "
      "aria-label=\"Filter the policy\">\n<label>Search <input type=\"search\" name=\"text\" "
      "placeholder=\"openat, 257, arg1\" autocomplete=\"off\"></label>\n";
  text += "<label>Arch <select name=\"arch\"><option value=\"\">all</option>";
  for (const ArchPolicy& arch : facts.meaning.policy)
    text += "<option value=\"" + escaped(text::name(arch.scope)) + "\">" +
            escaped(scope_title(facts.meaning.policy, arch.scope)) + "</option>";
  text += "</select></label>\n<fieldset><legend class=\"unseen\">Verdicts</legend>\n";
  for (const std::string& look : looks_in(facts)) text += checkbox(look, look_title(look), true);
  text += "</fieldset>\n" + checkbox("conditional", "With conditions only", false);
  if (facts.subjects.size() == 2) text += checkbox("differs", "Differences only", false);
  return text + "<output id=\"policy-count\" aria-live=\"polite\"></output>\n</form>\n";
}

}  // namespace

std::string policy(const Facts& facts) {
  std::string text = "<section id=\"policy\"><h2>Policy</h2>\n";
  if (!facts.meaning.missing.empty())
    return text + "<p class=\"note\">Not decided: " + escaped(facts.meaning.missing) +
           ". The other parts of this page do not depend on it.</p></section>\n";
  text +=
      "<p class=\"lead\">For every call of every architecture, over all arguments. What no "
      "row names is under <i>all else</i>.</p>\n" +
      filters(facts);
  std::size_t room = most_policy_rows;
  for (std::size_t at = 0; at < facts.meaning.policy.size(); ++at)
    text += Table(facts, at).html(room);
  return text + "</section>\n";
}

}  // namespace assay::report
