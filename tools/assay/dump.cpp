// assay dump: the filters that a process has, or that a command installs.
#include <algorithm>
#include <climits>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "assay/bpf/codec.hpp"
#include "assay/kernel/capture.hpp"
#include "command_line.hpp"
#include "json.hpp"

namespace assay::tool {
namespace {

constexpr Manual manual{
    "dump", "--pid N | -- COMMAND [ARGUMENTS]",
    "Captures the filters that a process has, or those that COMMAND and all its descendants\n"
    "install, in the order of installation.",
    "One line a filter: in JSON with pid, tid, order (its place in the stack, 0 = oldest), flags,\n"
    "file and insns; without --output-dir file is null and hex holds the filter. COMMAND keeps\n"
    "stdin and stdout, so use --output to have results apart.\n"
    "Exit status: 0 when the capture worked, whatever COMMAND's own status (told on stderr);\n"
    "3 no such process or command, 4 not permitted or not possible here. Ctrl-C ends COMMAND\n"
    "and exits 130; what was captured until then stays in DIR.",
    "  $ assay dump --output-dir captured -- sh -c 'echo hello'\n"
    "  hello"};

// One filter on its way out.
struct Captured {
  int pid = 0;
  int tid = 0;
  std::size_t order = 0;
  std::optional<std::uint32_t> flags;
  const std::vector<bpf::Instruction>* instructions = nullptr;
  std::string comm;
};

// Writes files, manifest and lines.
class Collection {
 public:
  Collection(const CommandLine& line, Output& output)
      : line_(line), output_(output), directory_(line.text("output-dir")) {}

  // The directory and its manifest; a status after a complaint.
  std::optional<ExitStatus> open() {
    if (!line_.has("output-dir")) return std::nullopt;
    std::error_code error;
    std::filesystem::create_directories(directory_, error);
    if (error) return fail(directory_, error.message());
    return std::nullopt;
  }

  void add(const Captured& captured) {
    if (status_ != yes) return;
    const std::string file = line_.has("output-dir") ? store(captured) : "";
    if (status_ != yes) return;
    const std::string json = to_json(captured, file);
    manifest_ += json;
    output_.write(line_.json() ? json : to_text(captured, file));
    output_.flush();
    ++count_;
  }

  // The status of the whole.
  ExitStatus close() {
    if (status_ != yes || !line_.has("output-dir")) return status_;
    write_file(directory_ + "/manifest.ndjson", manifest_);
    return status_;
  }

  std::size_t count() const { return count_; }

 private:
  ExitStatus fail(const std::string& path, const std::string& message) {
    complain("cannot write " + load::printable(path) + ": " + message);
    status_ = cannot;
    return cannot;
  }

  void write_file(const std::string& path, const std::string& bytes) {
    auto file = Output::open(path);
    if (!file) {
      complain(load::printable(file.error()));
      status_ = cannot;
      return;
    }
    file->write(bytes);
    status_ = worse(status_, file->finish(yes));
  }

  std::string store(const Captured& captured) {
    char number[16];
    std::snprintf(number, sizeof number, "%03zu", count_);
    const std::string file = std::string(number) + "-" + std::to_string(captured.pid) + "-" +
                             std::to_string(captured.order) + ".bpf";
    write_file(directory_ + "/" + file, bpf::encode(*captured.instructions, bpf::Format::Raw));
    return directory_ + "/" + file;
  }

  std::string to_json(const Captured& captured, const std::string& file) const {
    Json json = json_document(line_.semantics());
    json["pid"] = captured.pid;
    json["tid"] = captured.tid;
    json["order"] = captured.order;
    json["flags"] = captured.flags ? Json(*captured.flags) : Json();
    json["file"] = file.empty() ? Json() : Json(file);
    json["insns"] = captured.instructions->size();
    if (!captured.comm.empty()) json["comm"] = captured.comm;
    if (file.empty()) json["hex"] = hex(*captured.instructions);
    return json_line(json);
  }

  static std::string hex(const std::vector<bpf::Instruction>& instructions) {
    std::string text = bpf::encode(instructions, bpf::Format::Hex);
    std::erase_if(text, [](char c) { return c == '\n' || c == ' '; });
    return text;
  }

  std::string to_text(const Captured& captured, const std::string& file) const {
    std::string text = "pid " + std::to_string(captured.pid);
    if (captured.tid != captured.pid) text += " tid " + std::to_string(captured.tid);
    if (!captured.comm.empty()) text += " (" + load::printable(captured.comm) + ")";
    text += " order " + std::to_string(captured.order);
    if (captured.flags) text += " flags " + std::to_string(*captured.flags);
    text += ": " + std::to_string(captured.instructions->size()) + " instructions";
    text += file.empty() ? ", " + hex(*captured.instructions) : ", " + load::printable(file);
    return text + "\n";
  }

  const CommandLine& line_;
  Output& output_;
  std::string directory_;
  std::string manifest_;
  std::size_t count_ = 0;
  ExitStatus status_ = yes;
};

ExitStatus complain_of(const std::string& what, const kernel::CaptureFailure& failure) {
  const auto error = load::from_capture(what, failure);
  complain(load::describe(error));
  const bool command = failure.problem == kernel::CaptureProblem::CannotRun;
  return command ? bad_input : status_of(error);
}

ExitStatus dump_process(const CommandLine& line, Collection& collection) {
  const auto number = line.number("pid", 1, INT_MAX, 1);
  if (!number) return number.error();
  const auto thread = line.number("tid", 1, INT_MAX, *number);
  if (!thread) return thread.error();
  const int pid = static_cast<int>(*number);
  const int tid = static_cast<int>(*thread);
  const std::string what = "pid:" + std::to_string(pid);
  std::vector<kernel::CapturedStack> stacks;
  if (line.has("threads")) {
    auto all = kernel::filters_of_threads(pid);
    if (!all) return complain_of(what, all.error());
    stacks = std::move(*all);
  } else {
    const auto stack = kernel::filters_of(tid);
    if (!stack) return complain_of(what, stack.error());
    stacks.push_back(*stack);
  }
  for (const kernel::CapturedStack& stack : stacks)
    for (std::size_t i = 0; i < stack.filters.size(); ++i)
      collection.add(
          {stack.pid, stack.tid, i, stack.filters[i].flags, &stack.filters[i].instructions, {}});
  if (collection.count() == 0)
    line.note(what + " has no filters (mode " +
              std::string(name(stacks.empty() ? kernel::Mode::Disabled : stacks[0].mode)) + ")");
  return collection.close();
}

ExitStatus dump_command(const CommandLine& line, const Arguments& command, Collection& collection) {
  const auto result = kernel::run_and_capture(command, [&](const kernel::Install& install) {
    if (install.error != 0 || install.mode != kernel::Mode::Filter) return;
    collection.add({install.pid, install.tid, install.order, install.flags, &install.instructions,
                    install.comm});
  });
  if (!result) return complain_of(command[0], result.error());
  const std::string name = load::printable(command[0], 80);
  if (collection.count() == 0) line.note(name + " installed no filter");
  if (result->inherited > 0)
    line.note(name + " had " + std::to_string(result->inherited) + " filters from the start");
  if (result->term_signal != 0)
    line.note(name + " was ended by signal " + std::to_string(result->term_signal));
  else if (result->exit_code != 0)
    line.note(name + " exited with " + std::to_string(result->exit_code));
  const ExitStatus status = collection.close();
  return result->interrupted != 0 ? static_cast<ExitStatus>(128 + result->interrupted) : status;
}

ExitStatus dump(const CommandLine& line, const Arguments& command) {
  auto output = line.open_output();
  if (!output) return output.error();
  Collection collection(line, *output);
  if (const auto status = collection.open()) return *status;
  const ExitStatus status =
      command.empty() ? dump_process(line, collection) : dump_command(line, command, collection);
  return status == yes ? output->finish(yes) : status;
}

}  // namespace

ExitStatus run_dump(const Arguments& arguments) {
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  const Arguments own(arguments.begin(), dashes);
  const Arguments command(dashes == arguments.end() ? dashes : dashes + 1, arguments.end());
  CommandLine line(manual);
  line.add({{"pid", OptionKind::Text, "N", "a process that runs: the stack of its first thread"},
            {"tid", OptionKind::Text, "N", "of this thread of it instead"},
            {"threads", OptionKind::Flag, "", "of all its threads"},
            {"output-dir", OptionKind::Text, "DIR",
             "write each filter to DIR/NNN-PID-ORDER.bpf, raw, and all lines to "
             "DIR/manifest.ndjson"}});
  if (const auto status = line.parse(own)) return *status;
  if (!line.operands().empty())
    return line.usage("found '" + load::printable(line.operands()[0]) +
                      "', expected --pid N or -- COMMAND");
  if (line.has("pid") == !command.empty())
    return line.usage("expected either --pid N or -- COMMAND");
  if (line.has("tid") && !line.has("pid")) return line.usage("--tid needs --pid");
  if (line.has("tid") && line.has("threads")) return line.usage("either --tid or --threads");
  return dump(line, command);
}

}  // namespace assay::tool
