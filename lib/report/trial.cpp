// The form in which a reader tries a call, and what its script works with.
#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "assay/names/constants.hpp"
#include "assay/names/errnos.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/seccomp/special.hpp"
#include "report/markup.hpp"
#include "report/sections.hpp"

namespace assay::report {
namespace {

using Json = nlohmann::ordered_json;
using seccomp::Arch;

constexpr std::array<names::ErrnoFamily, 6> families{
    names::ErrnoFamily::Generic, names::ErrnoFamily::PowerPc, names::ErrnoFamily::Mips,
    names::ErrnoFamily::Sparc,   names::ErrnoFamily::Parisc,  names::ErrnoFamily::Alpha};

// Arches whose calls have names on the page: those that the policy names, and those whose calls
// can occur on the machine.
bool has_names(const Facts& facts, Arch arch) {
  const Arch machine = facts.options.semantics.machine;
  const bool pc = machine == Arch::x86_64 && (arch == Arch::x86 || arch == Arch::x32);
  return arch == machine || pc ||
         std::any_of(facts.meaning.policy.begin(), facts.meaning.policy.end(),
                     [&](const text::ArchPolicy& entry) {
                       return entry.scope.kind == text::Scope::Kind::Named &&
                              entry.scope.arch == arch;
                     });
}

Json calls_of(Arch arch) {
  Json calls = Json::object();
  for (const std::string_view name : names::all_syscall_names(arch))
    if (const auto nr = names::syscall_number(arch, name)) calls[std::string(name)] = *nr;
  return calls;
}

Json arches_json(const Facts& facts) {
  Json arches = Json::array();
  for (const seccomp::ArchInfo& info : seccomp::arches) {
    const auto family = std::find(families.begin(), families.end(), names::errno_family(info.arch));
    arches.push_back(
        {{"token", info.token},
         {"macro", info.macro},
         {"audit", info.audit},
         {"big", info.order == std::endian::big},
         {"errnos", family - families.begin()},
         {"calls", has_names(facts, info.arch) ? calls_of(info.arch) : Json::object()}});
  }
  return arches;
}

Json errnos_json() {
  Json all = Json::array();
  for (const names::ErrnoFamily family : families) {
    const auto arch =
        std::find_if(seccomp::arches.begin(), seccomp::arches.end(),
                     [&](const auto& info) { return names::errno_family(info.arch) == family; });
    Json errnos = Json::object();
    if (arch != seccomp::arches.end())
      for (std::uint32_t number = 1; number <= 600; ++number)
        if (const auto name = names::errno_name(arch->arch, number))
          errnos[std::to_string(number)] = *name;
    all.push_back(std::move(errnos));
  }
  return all;
}

Json constants_json() {
  Json constants = Json::object();
  for (const names::Constant& constant : names::all_constants())
    constants[std::string(constant.name)] = std::to_string(constant.value);
  return constants;
}

std::string_view shift_name(seccomp::ShiftRule rule) {
  switch (rule) {
    case seccomp::ShiftRule::Modulo64ZeroAbove31: return "modulo-64";
    case seccomp::ShiftRule::Modulo256ZeroAbove31: return "modulo-256";
    case seccomp::ShiftRule::Modulo32: break;
  }
  return "modulo-32";
}

Json rules_json(const seccomp::Semantics& semantics) {
  return {{"name", semantics.name()},
          {"shift", shift_name(semantics.shift)},
          {"signedActions", semantics.signed_actions},
          {"errnoCapped", semantics.errno_capped},
          {"unknownKillsProcess", semantics.unknown_kills_process}};
}

// Those that these rules know.
Json actions_json(const seccomp::Semantics& semantics) {
  Json actions = Json::array();
  for (const seccomp::ActionInfo& info : seccomp::actions) {
    const seccomp::Verdict verdict{info.value};
    if (verdict.action(semantics) != info.action) continue;
    actions.push_back({{"value", info.value},
                       {"name", info.name},
                       {"data", info.data},
                       {"look", look(verdict, semantics)}});
  }
  return actions;
}

Json program_json(const Shown& shown) {
  Json insns = Json::array();
  for (const bpf::Instruction& insn : shown.program.instructions())
    insns.push_back({insn.code, insn.jt, insn.jf, insn.k});
  Json nodes = Json::array();
  for (const std::size_t node : shown.graph.node_of)
    nodes.push_back(node == FlowGraph::no_node ? Json(-1) : Json(node));
  return {{"id", shown.id}, {"name", shown.name}, {"insns", insns}, {"nodes", nodes}};
}

// Numbers that no filter decides on.
Json unfiltered_json(const seccomp::Semantics& semantics) {
  Json numbers = Json::array();
  for (const std::uint32_t nr : {335U, 336U}) {
    seccomp::SeccompData data;
    data.nr = nr;
    data.arch = seccomp::describe(Arch::x86_64).audit;
    if (seccomp::bypasses_filters(data, semantics)) numbers.push_back(nr);
  }
  return numbers;
}

std::string hex(std::uint64_t value) {
  std::array<char, 24> text;  // NOLINT: snprintf fills it
  std::snprintf(text.data(), text.size(), value < 4096 ? "%llu" : "0x%llx",
                static_cast<unsigned long long>(value));
  return text.data();
}

// An input as the fields of the form.
struct Fields {
  std::string arch;
  std::string call;
  bool named = false;
  std::string ip;
  std::array<std::string, 6> args;
};

Fields fields_of(const seccomp::Words& words) {
  const seccomp::SeccompData data = seccomp::from_words(words, seccomp::byte_order(words[1]));
  auto arch = seccomp::find_arch(data.arch);
  if (arch == Arch::x86_64 && (data.nr & seccomp::x32_bit) != 0) arch = Arch::x32;
  Fields fields;
  fields.arch = arch ? std::string(seccomp::describe(*arch).token) : hex(data.arch);
  const auto name = arch ? names::syscall_name(*arch, data.nr) : std::nullopt;
  fields.named = name.has_value();
  fields.call = name ? std::string(*name) : hex(data.nr);
  fields.ip = hex(data.instruction_pointer);
  for (std::size_t i = 0; i < 6; ++i) fields.args[i] = hex(data.args[i]);
  return fields;
}

std::string input(std::string_view id, std::string_view label, std::string_view more) {
  return "<label for=\"" + std::string(id) + "\">" + std::string(label) + "</label><input id=\"" +
         std::string(id) + "\" autocomplete=\"off\" spellcheck=\"false\" " + std::string(more) +
         ">\n";
}

}  // namespace

std::string options_of(const seccomp::Words& words) {
  const Fields fields = fields_of(words);
  std::string text =
      "--arch " + fields.arch + (fields.named ? " --syscall " : " --nr ") + fields.call;
  if (fields.ip != "0") text += " --ip " + fields.ip;
  for (std::size_t i = 0; i < 6; ++i)
    if (fields.args[i] != "0") text += " --arg " + std::to_string(i) + "=" + fields.args[i];
  return text;
}

std::string try_button(const seccomp::Words& words) {
  const Fields fields = fields_of(words);
  const Json record = {
      {"arch", fields.arch}, {"call", fields.call}, {"ip", fields.ip}, {"args", fields.args}};
  return "<button type=\"button\" class=\"try\" data-record=\"" + escaped(record.dump()) +
         "\" aria-label=\"Try " + escaped(fields.arch + " " + fields.call) + "\">Try</button>";
}

std::string trial(const Facts& facts) {
  const std::string_view machine = seccomp::describe(facts.options.semantics.machine).token;
  std::string text =
      "<section id=\"try\"><h2>Try a call</h2>\n"
      "<p class=\"lead\">Evaluated here in the page, instruction by instruction, as " +
      escaped(facts.options.semantics.name()) +
      " does. Values are decimal, 0x, negative, or constants joined by |: "
      "<code>O_RDWR|O_CREAT</code>.</p>\n"
      "<noscript><p class=\"note\">This form needs JavaScript.</p></noscript>\n"
      "<form id=\"trial\" aria-label=\"Try a call\" autocomplete=\"off\"><div "
      "class=\"fields\">\n<div class=\"wide\">" +
      input("try-arch", "Arch", "list=\"arches\" value=\"" + std::string(machine) + "\"") +
      "</div><div class=\"wide\">" +
      input("try-call", "System call", "list=\"calls\" value=\"openat\"") +
      "</div><div class=\"wide\">" + input("try-ip", "Instruction pointer", "value=\"0\"") +
      "</div>\n";
  for (std::size_t i = 0; i < 6; ++i) {
    const std::string n = std::to_string(i);
    text += "<div>" + input("try-arg" + n, "arg" + n, "value=\"0\"") + "</div>";
  }
  return text +
         "</div>\n<p class=\"buttons\"><button type=\"submit\" class=\"main\">Evaluate"
         "</button> <button type=\"reset\">Reset</button></p>\n"
         "<datalist id=\"arches\"></datalist><datalist id=\"calls\"></datalist></form>\n"
         "<div id=\"trial-result\" role=\"status\" aria-label=\"Result\"></div></section>\n";
}

std::string data(const Facts& facts) {
  const seccomp::Semantics& semantics = facts.options.semantics;
  Json json = {{"rules", rules_json(semantics)},
               {"actions", actions_json(semantics)},
               {"unfiltered", unfiltered_json(semantics)},
               {"arches", arches_json(facts)},
               {"errnos", errnos_json()},
               {"constants", constants_json()}};
  json["programs"] = Json::array();
  for (const Shown& shown : facts.programs) json["programs"].push_back(program_json(shown));
  json["subjects"] = Json::array();
  for (std::size_t i = 0; i < facts.subjects.size(); ++i)
    json["subjects"].push_back(
        {{"name", facts.subjects[i].target.name}, {"filters", facts.stacks[i]}});
  // Nothing in it may end the element that it stands in.
  const std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
  std::string safe;
  for (const char c : text) safe += c == '<' ? "\\u003c" : std::string(1, c);
  return safe;
}

}  // namespace assay::report
