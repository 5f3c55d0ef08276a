// assay ps: who is under seccomp.
#include <algorithm>
#include <cstring>
#include <system_error>

#include "assay/kernel/processes.hpp"
#include "assay/names/errnos.hpp"
#include "command_line.hpp"
#include "json.hpp"

namespace assay::tool {
namespace {

using kernel::ProcessState;

constexpr Manual manual{
    "ps", "", "Lists all processes with their seccomp mode, number of filters and no_new_privs.",
    "A process whose state may not be read is listed as unreadable (JSON: null, with error).\n"
    "? stands for what this kernel does not tell.",
    "  $ assay ps --confined\n"
    "      PID  MODE        FILTERS  NO_NEW_PRIVS  COMMAND\n"
    "  ..."};

bool is_confined(const ProcessState& process) {
  return !process.mode || *process.mode != kernel::Mode::Disabled;
}

std::string errno_text(int error) {
  const auto number = static_cast<std::uint32_t>(error);
  const auto name = names::errno_name(seccomp::Arch::x86_64, number);
  return name ? std::string(*name) : std::to_string(error);
}

std::string to_json(const ProcessState& process, const CommandLine& line) {
  Json json = json_document(line.semantics());
  json["pid"] = process.pid;
  if (line.has("threads")) json["tid"] = process.tid;
  json["comm"] = process.comm;
  json["mode"] = process.mode ? Json(name(*process.mode)) : Json();
  json["filters"] = process.filters ? Json(*process.filters) : Json();
  json["no_new_privs"] = process.no_new_privs ? Json(*process.no_new_privs) : Json();
  if (process.error != 0) json["error"] = errno_text(process.error);
  return json_line(json);
}

std::string padded(std::string text, std::size_t width, bool right) {
  const std::size_t missing = width - std::min(width, text.size());
  text.insert(right ? 0 : text.size(), missing, ' ');
  return text + "  ";
}

std::string row(const std::string& id, const std::string& mode, const std::string& filters,
                const std::string& no_new_privs, const std::string& comm) {
  return padded(id, 7, true) + padded(mode, 10, false) + padded(filters, 7, true) +
         padded(no_new_privs, 12, false) + comm + "\n";
}

std::string to_text(const ProcessState& process, const CommandLine& line) {
  const int id = line.has("threads") ? process.tid : process.pid;
  std::string mode = "?";
  if (process.mode) mode = name(*process.mode);
  if (process.error != 0) mode = "unreadable";
  const std::string filters = process.filters ? std::to_string(*process.filters) : "?";
  const std::string privs = !process.no_new_privs ? "?" : *process.no_new_privs ? "yes" : "no";
  return row(std::to_string(id), mode, filters, privs, load::printable(process.comm));
}

}  // namespace

ExitStatus run_ps(const Arguments& arguments) {
  CommandLine line(manual);
  line.add({{"confined", OptionKind::Flag, "",
             "only those under seccomp, and those whose state cannot be read"},
            {"threads", OptionKind::Flag, "", "every thread, by its own id"}});
  if (const auto status = line.parse(arguments)) return *status;
  if (!line.operands().empty())
    return line.usage("found '" + load::printable(line.operands()[0]) + "', expected options only");
  const auto listing = line.has("threads") ? kernel::Listing::Threads : kernel::Listing::Processes;
  const auto processes = kernel::list_processes(listing);
  if (!processes) {
    complain("cannot read /proc: " + std::generic_category().message(processes.error()));
    return cannot;
  }
  auto output = line.open_output();
  if (!output) return output.error();
  if (!line.json())
    output->write(
        row(line.has("threads") ? "TID" : "PID", "MODE", "FILTERS", "NO_NEW_PRIVS", "COMMAND"));
  for (const ProcessState& process : *processes) {
    if (line.has("confined") && !is_confined(process)) continue;
    output->write(line.json() ? to_json(process, line) : to_text(process, line));
  }
  return output->finish(yes);
}

}  // namespace assay::tool
