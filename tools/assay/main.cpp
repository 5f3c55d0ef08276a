// The command: a table of subcommands, and what stands before them.
#include <algorithm>
#include <array>
#include <exception>

#include "command.hpp"
#include "command_line.hpp"
#include "diagnostics.hpp"
#include "output.hpp"
#include "signals.hpp"
#include "version.hpp"

namespace assay::tool {
namespace {

constexpr auto commands = std::to_array<Command>({
    {"check", "would the kernel accept a filter, and what is odd about it", run_check},
    {"run", "the verdict for a record, or for each of many", run_run},
    {"diff", "where two filters or stacks differ, over all inputs", run_diff},
    {"explain", "the whole policy, per arch and system call, with argument conditions",
     run_explain},
    {"query", "can a filter answer so, for some input that satisfies a condition", run_query},
    {"witness", "records that reach everything in a filter that can be reached", run_witness},
    {"fingerprint", "a digest that is equal exactly when the meaning is", run_fingerprint},
    {"audit", "what is wrong with a filter, and the call that shows it", run_audit},
    {"replay", "verdicts for recorded system calls: strace, audit, perf, records", run_replay},
    {"cost", "what a filter costs, who is in the bitmap, and what would be cheaper", run_cost},
    {"disasm", "a filter as assembly text", run_disasm},
    {"asm", "assembly text as a filter", run_asm},
    {"confirm", "the running kernel's verdicts beside ours, for a filter", run_confirm},
    {"campaign", "random programs and records, ours beside the running kernel's", run_campaign},
    {"profile", "what a profile means, what is loaded for it, and are they the same", run_profile},
    {"fuzz-generator", "does a generator of filters keep its word on random rules",
     run_fuzz_generator},
    {"dump", "the filters that a process has, or installs", run_dump},
    {"report", "one page about a filter or two: findings, policy, pictures, cost", run_report},
    {"merge", "the results of shares put together, and what people ask of them", run_merge},
    {"ps", "processes and their seccomp mode", run_ps},
});

std::string overview() {
  std::string text =
      "Usage: assay COMMAND [OPTIONS] [ARGUMENTS]\n"
      "       assay --help | --version [--format text|json]\n\n"
      "Decides what a Linux seccomp filter really does.\n\nCommands:\n";
  for (const Command& command : commands) {
    text += "  " + std::string(command.name);
    text.append(16 - std::min<std::size_t>(command.name.size(), 15), ' ');
    text += std::string(command.summary) + "\n";
  }
  return text +
         "\nEach has --help, with its options and an example.\n"
         "Exit status: 0 yes, 1 no, 2 bad usage, 3 bad input, 4 not possible on this machine,\n"
         "5 not decided.\n\nExample:\n"
         "  $ echo 'ret #ERRNO(1)' | assay run - --syscall openat\n"
         "  ERRNO(1) value=0x00050001 insns=1 effect=returns(-1)\n";
}

ExitStatus print(const std::string& text) {
  auto out = Output::open("");
  out->write(text);
  return out->finish(yes);
}

constexpr Manual version_manual{"--version", "",
                                "Says which version this is and what it was built with.", "",
                                "  $ assay --version\n  assay " ASSAY_VERSION "\n  ..."};

ExitStatus print_version(Arguments arguments) {
  std::erase(arguments, "--version");
  CommandLine line(version_manual);
  if (const auto status = line.parse(arguments)) return *status;
  if (!line.operands().empty()) return line.usage("expected options only");
  auto output = line.open_output();
  if (!output) return output.error();
  output->write(line.json() ? version_json() : version_text());
  return output->finish(yes);
}

// Options in the place of a command.
ExitStatus run_options(const Arguments& arguments) {
  const std::string& first = arguments.front();
  if (first == "--help" || first == "-h") return print(overview());
  if (std::find(arguments.begin(), arguments.end(), "--version") != arguments.end())
    return print_version(arguments);
  return complain_of_usage("", "expected a command before '" + load::printable(first, 80) + "'" +
                                   did_you_mean(first, {"--help", "--version"}));
}

ExitStatus dispatch(const Arguments& arguments) {
  if (arguments.empty()) return complain_of_usage("", "expected a command");
  const std::string& word = arguments.front();
  if (word.starts_with('-')) return run_options(arguments);
  for (const Command& command : commands)
    if (command.name == word) return command.run({arguments.begin() + 1, arguments.end()});
  std::vector<std::string_view> known;
  for (const Command& command : commands) known.push_back(command.name);
  return complain_of_usage(
      "", "unknown command '" + load::printable(word, 80) + "'" + did_you_mean(word, known));
}

}  // namespace
}  // namespace assay::tool

int main(int argc, char** argv) {
  using namespace assay::tool;
  prepare_process();
  try {
    return dispatch(Arguments(argv + std::min(argc, 1), argv + argc));
  } catch (const std::bad_alloc&) {
    complain("out of memory");
    return cannot;
  }
}
