// The filters themselves: as pictures, and instruction by instruction with an anchor each.
#include <algorithm>
#include <chrono>

#include "assay/verify/chain.hpp"
#include "report/markup.hpp"
#include "report/picture.hpp"
#include "report/sections.hpp"

namespace assay::report {
namespace {

std::string title_of(const Facts& facts, const Shown& shown) {
  std::string text = escaped(shown.name, 200) + " <span class=\"soft\">" +
                     std::to_string(shown.program.size()) +
                     (shown.program.size() == 1 ? " instruction" : " instructions");
  std::size_t times = 0;
  const auto index = static_cast<std::size_t>(&shown - facts.programs.data());
  for (const auto& stack : facts.stacks)
    times += static_cast<std::size_t>(std::count(stack.begin(), stack.end(), index));
  if (times > 1) text += ", installed " + std::to_string(times) + " times";
  return text + "</span>";
}

std::string skip(std::string_view what, std::string_view to) {
  return "<a class=\"skip\" href=\"#" + std::string(to) + "\">Skip " + std::string(what) + "</a>\n";
}

// The controls of one picture; the script of the page gives them life.
std::string controls(const std::string& id) {
  return "<div class=\"picture-controls\" role=\"group\" aria-label=\"Picture\" data-for=\"" + id +
         "\"><button type=\"button\" data-zoom=\"out\" aria-label=\"Smaller\">&minus;</button>"
         "<button type=\"button\" data-zoom=\"in\" aria-label=\"Larger\">+</button>"
         "<button type=\"button\" data-zoom=\"fit\">Fit</button>"
         "<label>Colour by <select data-colour><option value=\"verdict\">verdict</option>"
         "<option value=\"cost\">cost</option></select></label></div>\n";
}

std::string one_picture(const Facts& facts, const Shown& shown, DrawingOptions& drawing) {
  std::string text = "<h3>" + title_of(facts, shown) + "</h3>\n";
  if (shown.graph.nodes.empty()) {
    const std::size_t end = shown.graph.returns_at;
    const bool plain = shown.program.opcode(end).operand == bpf::Operand::Immediate;
    return text + "<p class=\"note\">No decision: every call gets " +
           (plain ? verdict_html(seccomp::Verdict{shown.program[end].k}, facts.options.semantics)
                  : std::string("the same value")) +
           ".</p>\n";
  }
  const Naming naming(shown.program, shown.listing);
  const auto start = std::chrono::steady_clock::now();
  const Picture drawn = picture({shown.program, shown.graph, naming, shown.id + "i", shown.reached},
                                facts.options.semantics, drawing);
  const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  drawing.time = std::max(drawing.time - spent, std::chrono::milliseconds{1});
  if (!drawn.note.empty()) text += "<p class=\"note\">" + escaped(drawn.note) + "</p>\n";
  const std::string id = "picture-" + shown.id;
  return text + controls(id) + "<figure class=\"picture\" id=\"" + id + "\" data-program=\"" +
         shown.id + "\" tabindex=\"0\" role=\"region\" aria-label=\"Picture of " +
         escaped(shown.name, 200) + "\">" + drawn.svg + "</figure>\n";
}

// "jeq #1, L7, L9" with the labels as links.
std::string with_links(const std::string& instruction, const std::string& prefix) {
  std::string text;
  for (std::size_t at = 0; at < instruction.size();) {
    const bool label = instruction[at] == 'L' && at > 0 && instruction[at - 1] == ' ';
    std::size_t end = at + 1;
    while (label && end < instruction.size() && instruction[end] >= '0' && instruction[end] <= '9')
      ++end;
    if (label && end > at + 1) {
      const std::string number = instruction.substr(at + 1, end - at - 1);
      text += "<a href=\"#" + prefix + number + "\">L" + number + "</a>";
    } else {
      text += escaped(instruction.substr(at, end - at));
    }
    at = end;
  }
  return text;
}

// Findings that point at instructions of a program, by instruction.
std::vector<std::string> remarks_on(const Facts& facts, const Shown& shown) {
  std::vector<std::string> remarks(shown.program.size());
  const auto index = static_cast<std::size_t>(&shown - facts.programs.data());
  for (std::size_t i = 0; i < facts.subjects.size(); ++i) {
    const auto& found = facts.subjects[i].findings;
    for (std::size_t j = 0; j < std::min(found.size(), most_findings); ++j) {
      const audit::Location& location = found[j].location;
      if (!location.filter || !location.insn || *location.filter >= facts.stacks[i].size() ||
          facts.stacks[i][*location.filter] != index || *location.insn >= remarks.size())
        continue;
      remarks[*location.insn] += "<a href=\"#finding-" + std::to_string(i) + "-" +
                                 std::to_string(j) + "\">" + escaped(found[j].rule) + "</a> ";
    }
  }
  return remarks;
}

std::string row(const Facts& facts, const Shown& shown, std::size_t pc, std::string remark) {
  const bpf::Instruction& insn = shown.program[pc];
  const bpf::Opcode& opcode = shown.program.opcode(pc);
  const bool returns = opcode.operation == bpf::Operation::Ret;
  const bool constant = returns && opcode.operand == bpf::Operand::Immediate;
  const bool dead = !shown.reached.empty() && !shown.reached[pc];
  std::string looks = dead ? "dead" : "";
  if (returns) looks += looks.empty() ? "returns" : " returns";
  const std::string id = shown.id + "i" + std::to_string(pc);
  std::string text = "<tr id=\"" + id + "\"" + (looks.empty() ? "" : " class=\"" + looks + "\"") +
                     "><th scope=\"row\">" + std::to_string(pc) + "</th><td><code>" +
                     with_links(shown.listing.instruction(pc), shown.id + "i") +
                     "</code></td><td class=\"soft\">";
  if (constant) {
    remark = verdict_html(seccomp::Verdict{insn.k}, facts.options.semantics) + " " + remark;
  } else if (const std::string comment = shown.listing.comment(pc); !comment.empty()) {
    text += "<code>" + escaped(comment) + "</code>";
  }
  if (dead) remark += "<span class=\"soft\">no input gets here</span>";
  return text + "</td><td>" + remark + "</td></tr>\n";
}

std::string one_listing(const Facts& facts, const Shown& shown) {
  const std::vector<std::string> remarks = remarks_on(facts, shown);
  std::string text = "<h3>" + title_of(facts, shown) +
                     "</h3>\n<div class=\"listing\" "
                     "tabindex=\"0\" role=\"region\" aria-label=\"Listing of " +
                     escaped(shown.name, 200) + "\" data-program=\"" + shown.id +
                     "\"><table><thead><tr><th scope=\"col\">#</th><th scope=\"col\">Instruction"
                     "</th><th scope=\"col\">Value</th><th scope=\"col\">Remarks</th></tr></thead>"
                     "<tbody>\n";
  for (std::size_t pc = 0; pc < shown.program.size(); ++pc)
    text += row(facts, shown, pc, remarks[pc]);
  return text + "</tbody></table></div>\n";
}

}  // namespace

std::string pictures(const Facts& facts) {
  std::string text = "<section id=\"picture\"><h2>Picture</h2>\n" + skip("the picture", "listing") +
                     "<p class=\"lead\">Chains of comparisons of one field are one box: a row for "
                     "each way out, ending in a verdict or leading on. A box from which all ways "
                     "end alike has that verdict's colour; &le;&nbsp;n says how many instructions "
                     "run before it at most.</p>\n";
  DrawingOptions drawing = facts.options.drawing;
  const std::size_t shown = std::min(facts.programs.size(), most_pictures);
  for (std::size_t i = 0; i < shown; ++i) text += one_picture(facts, facts.programs[i], drawing);
  if (shown < facts.programs.size())
    text += "<p class=\"note\">" + std::to_string(facts.programs.size() - shown) +
            " more filters are not drawn.</p>\n";
  return text + "</section>\n";
}

std::string listings(const Facts& facts) {
  std::string text = "<section id=\"listing\"><h2>Listing</h2>\n" + skip("the listing", "end");
  std::size_t room = most_listed;
  std::size_t left_out = 0;
  for (const Shown& shown : facts.programs) {
    if (shown.program.size() > room) {
      ++left_out;
      continue;
    }
    room -= shown.program.size();
    text += one_listing(facts, shown);
  }
  if (left_out > 0)
    text += "<p class=\"note\">" + std::to_string(left_out) +
            " more filters are not listed; <code>assay disasm</code> prints them.</p>\n";
  return text + "</section>\n";
}

}  // namespace assay::report
