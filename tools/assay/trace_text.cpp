#include "trace_text.hpp"

#include "assay/names/syscalls.hpp"
#include "assay/text/printable.hpp"
#include "assay/text/verdict.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

using seccomp::Arch;
using trace::Call;
using trace::Certainty;
using trace::Gap;
using trace::Judgement;

std::optional<Arch> table_of(std::uint32_t arch, std::uint32_t nr) {
  const auto found = seccomp::find_arch(arch);
  if (found != Arch::x86_64) return found;
  const bool x32 = (nr & seccomp::x32_bit) != 0 && nr < 2 * seccomp::x32_bit;
  return x32 ? Arch::x32 : Arch::x86_64;
}

std::string short_number(std::uint64_t value) {
  return value < 4096 ? std::to_string(value) : hex(value);
}

std::string argument_text(const Call& call, std::size_t i) {
  switch (call.gaps[i]) {
    case Gap::None: return short_number(call.data.args[i]);
    case Gap::HighHalf: return short_number(call.data.args[i]) + "~";
    case Gap::Content: return "...";
    default: return "?";
  }
}

std::string name_of(const Call& call) {
  return call.name.empty() ? syscall_text(call.data.arch, call.data.nr)
                           : text::printable(call.name, 80);
}

// "arg0 upper half not recorded, arg2 not recorded"
std::string reasons(const Judgement& judgement, const Call& call) {
  std::string text;
  const auto add = [&](std::string_view what, std::string_view why) {
    text += (text.empty() ? "" : ", ") + std::string(what) + " " + std::string(why);
  };
  if (judgement.decisive.nr != 0) add("number", "not recorded");
  if (judgement.decisive.instruction_pointer != 0) add("ip", "not recorded");
  for (std::size_t i = 0; i < call.gaps.size(); ++i)
    if (judgement.decisive.args[i] != 0)
      add("arg" + std::to_string(i), trace::describe(call.gaps[i]));
  return text;
}

std::string possible_text(const Judgement& judgement, const seccomp::Semantics& semantics) {
  std::string text;
  constexpr std::size_t most = 8;
  for (std::size_t i = 0; i < std::min(most, judgement.possible.size()); ++i)
    text += (i == 0 ? "" : " or ") + text::to_text(judgement.possible[i], semantics);
  return judgement.possible.size() > most ? text + " or others" : text;
}

std::string_view name(Certainty certainty) {
  constexpr std::array<std::string_view, 3> names{"certain", "assumed", "open"};
  return names[static_cast<std::size_t>(certainty)];
}

}  // namespace

std::string arch_name(std::uint32_t arch, std::uint32_t nr) {
  const auto table = table_of(arch, nr);
  return table ? std::string(seccomp::describe(*table).token) : hex(arch);
}

std::string syscall_text(std::uint32_t arch, std::uint32_t nr) {
  const auto table = table_of(arch, nr);
  const auto name = table ? names::syscall_name(*table, nr) : std::nullopt;
  return name ? std::string(*name) : "nr " + short_number(nr);
}

std::string call_text(const Call& call) {
  std::size_t last = call.gaps.size();
  while (last > 0 && call.gaps[last - 1] == Gap::Unprinted) --last;
  if (call.complete())
    while (last > 0 && call.data.args[last - 1] == 0) --last;
  std::string text = "line " + std::to_string(call.line) + ": " +
                     arch_name(call.data.arch, call.data.nr) + " " + name_of(call) + "(";
  for (std::size_t i = 0; i < last; ++i) text += (i == 0 ? "" : ", ") + argument_text(call, i);
  return text + ")";
}

std::string judgement_text(const Judgement& judgement, const Call& call, const CommandLine& line) {
  const seccomp::Semantics& semantics = line.semantics();
  if (judgement.certainty == Certainty::Open)
    return line.paint()(Shade::Notice, possible_text(judgement, semantics)) +
           ", open: " + reasons(judgement, call);
  const bool runs = trace::runs(judgement.verdict, semantics);
  std::string text =
      line.paint()(runs ? Shade::Good : Shade::Bad, text::to_text(judgement.verdict, semantics));
  if (judgement.certainty == Certainty::Assumed) text += ", assumed: " + reasons(judgement, call);
  return text;
}

Json call_json(const Call& call) {
  Json json{{"line", call.line}, {"arch", arch_name(call.data.arch, call.data.nr)}};
  json["nr"] = call.name.empty() ? Json(call.data.nr) : Json();
  const auto table = table_of(call.data.arch, call.data.nr);
  const auto name = table ? names::syscall_name(*table, call.data.nr) : std::nullopt;
  if (!call.name.empty())
    json["syscall"] = call.name;
  else if (name)
    json["syscall"] = *name;
  if (call.pid != 0) json["pid"] = call.pid;
  json["args"] = Json::array();
  for (std::size_t i = 0; i < call.gaps.size(); ++i) {
    const bool whole = call.gaps[i] == Gap::None || call.gaps[i] == Gap::HighHalf;
    json["args"].push_back(whole ? json_number(call.data.args[i]) : Json());
  }
  if (call.recorded)
    json["recorded"] = seccomp::actions[static_cast<std::size_t>(*call.recorded)].name;
  return json;
}

Json judgement_json(const Judgement& judgement, const Call& call,
                    const seccomp::Semantics& semantics) {
  const bool open = judgement.certainty == Certainty::Open;
  Json json{{"verdict", open ? Json() : Json(text::to_text(judgement.verdict, semantics))},
            {"certainty", name(judgement.certainty)}};
  if (judgement.certainty == Certainty::Certain) return json;
  json["possible"] = Json::array();
  for (const seccomp::Verdict verdict : judgement.possible)
    json["possible"].push_back(text::to_text(verdict, semantics));
  json["depends_on"] = reasons(judgement, call);
  return json;
}

}  // namespace assay::tool
