#include "run_options.hpp"

#include <algorithm>

#include "assay/load/record.hpp"

namespace assay::tool {
namespace {

constexpr const char* record_options[] = {"arch", "nr", "syscall", "ip", "arg"};

// Reads one option into a field; what it says of a wrong one names the option.
template <class T, class To>
std::optional<ExitStatus> read(const CommandLine& line, const char* option,
                               const tl::expected<T, load::FieldError>& parsed, To& to) {
  if (!parsed) {
    load::FieldError error = parsed.error();
    error.field = "option '--" + std::string(option) + "'";
    return line.usage(load::describe(error));
  }
  to = *parsed;
  return std::nullopt;
}

tl::expected<seccomp::SeccompData, ExitStatus> read_single(const CommandLine& line) {
  load::RecordFields fields;
  const seccomp::Arch machine = line.semantics().machine;
  fields.arch = load::ArchField{machine, seccomp::describe(machine).audit};
  std::optional<ExitStatus> bad;
  if (line.has("arch")) bad = read(line, "arch", load::parse_arch(line.text("arch")), fields.arch);
  if (!bad && line.has("nr")) bad = read(line, "nr", load::parse_nr(line.text("nr")), fields.nr);
  if (!bad && line.has("ip")) bad = read(line, "ip", load::parse_value(line.text("ip")), fields.ip);
  if (!bad && line.has("arg")) {
    for (const std::string& text : line.texts("arg")) {
      std::pair<std::size_t, std::uint64_t> argument;
      bad = read(line, "arg", load::parse_argument(text), argument);
      if (bad) break;
      fields.args[argument.first] = argument.second;
    }
  }
  if (bad) return tl::unexpected(*bad);
  fields.syscall = line.text("syscall");
  seccomp::SeccompData record;
  bad = read(line, "syscall", load::to_record(fields), record);
  if (bad) return tl::unexpected(*bad);
  return record;
}

}  // namespace

void add_run_options(CommandLine& line) {
  line.add({
      {"arch", OptionKind::Text, "NAME",
       "x86_64, aarch64, x32, ... or an AUDIT_ARCH number; the default is the machine of "
       "--semantics, x86_64"},
      {"nr", OptionKind::Text, "N", "number of the system call"},
      {"syscall", OptionKind::Text, "NAME", "or its name"},
      {"ip", OptionKind::Text, "V", "instruction pointer"},
      {"arg", OptionKind::Texts, "I=V",
       "argument I in 0..5 (repeatable); V is decimal, 0x or a name such as AT_FDCWD"},
      {"records", OptionKind::Text, "FILE",
       "many records instead, - for stdin: lines {\"arch\":\"x86_64\",\"nr\":257,\"ip\":0,"
       "\"args\":[3]}, or with syscall for nr; missing fields are 0"},
      {"records-format", OptionKind::Text, "FORMAT",
       "json|raw; raw: 64-byte structs seccomp_data in the byte order of this machine"},
      {"trace", OptionKind::Flag, "", "every instruction, with A and X before it"},
      {"stack", OptionKind::Flag, "",
       "the filters are one stack, oldest first (those of pid:N always are)"},
      {"tracer", OptionKind::Flag, "", "for the effect: a tracer has set PTRACE_O_TRACESECCOMP"},
      {"listener", OptionKind::Flag, "", "the deciding filter has a notification listener"},
      {"sigsys-handler", OptionKind::Flag, "", "SIGSYS has a handler"},
      {"threads", OptionKind::Flag, "", "other threads of the process are alive"},
  });
}

tl::expected<Records, ExitStatus> read_records(const CommandLine& line) {
  const bool many = line.has("records");
  const auto given = [&](const char* option) { return line.has(option); };
  const auto* const single =
      std::find_if(std::begin(record_options), std::end(record_options), given);
  if (many && single != std::end(record_options))
    return tl::unexpected(line.usage("option '--" + std::string(*single) +
                                     "' describes one record, and --records names many"));
  Records records;
  if (!many) {
    if (line.has("records-format"))
      return tl::unexpected(line.usage("option '--records-format' needs --records"));
    if (single == std::end(record_options))
      return tl::unexpected(
          line.usage("expected a record: --nr N, --syscall NAME or --records FILE"));
    const auto record = read_single(line);
    if (!record) return tl::unexpected(record.error());
    records.single = *record;
    return records;
  }
  const auto format = line.choice("records-format", {"json", "raw"});
  if (!format) return tl::unexpected(format.error());
  const auto& operands = line.operands();
  if (line.text("records") == "-" &&
      std::find(operands.begin(), operands.end(), "-") != operands.end())
    return tl::unexpected(line.usage("stdin cannot be both FILTER and --records"));
  auto stream = load::RecordStream::open(
      line.text("records"), *format == "raw" ? load::RecordFormat::Raw : load::RecordFormat::Json);
  if (!stream) {
    complain(load::describe(stream.error()));
    return tl::unexpected(status_of(stream.error()));
  }
  records.stream = std::move(*stream);
  return records;
}

seccomp::Caller read_caller(const CommandLine& line) {
  seccomp::Caller caller;
  caller.tracer = line.has("tracer");
  caller.listener = line.has("listener");
  caller.sigsys_handler = line.has("sigsys-handler");
  caller.other_threads = line.has("threads");
  return caller;
}

}  // namespace assay::tool
