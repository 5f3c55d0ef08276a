// assay asm: assembly text, or any other form of a filter, as bytes.
#include <unistd.h>

#include "filters.hpp"

namespace assay::tool {
namespace {

constexpr Manual manual{
    "asm", "FILE",
    "Turns assembly text into a filter, byte for byte what `assay disasm` was given.",
    "FILE may be - for stdin. Whether Linux accepts the filter is for `assay check` to say.\n"
    "Without --output-format the filter comes raw, and on a terminal in hex.",
    "  $ printf 'ld [nr]\\nret #ALLOW\\n' | assay asm --output-format ddd -\n"
    "  2\n"
    "  32 0 0 0\n"
    "  6 0 0 2147418112"};

bool is_raw(bpf::Format format) {
  return format == bpf::Format::Raw || format == bpf::Format::RawBe;
}

tl::expected<bpf::Format, ExitStatus> output_format(const CommandLine& line) {
  const bool terminal = !line.has("output") && ::isatty(STDOUT_FILENO) == 1;
  if (!line.has("output-format")) return terminal ? bpf::Format::Hex : bpf::Format::Raw;
  const auto word = line.choice("output-format", {"raw", "raw-be", "text", "ddd", "hex", "c"});
  if (!word) return tl::unexpected(word.error());
  const bpf::Format format = *load::find_format(*word);
  if (terminal && is_raw(format))
    return tl::unexpected(line.usage("raw bytes are not for a terminal: use --output FILE"));
  return format;
}

}  // namespace

ExitStatus run_asm(const Arguments& arguments) {
  CommandLine line(manual);
  line.add({{"input-format", OptionKind::Text, "FORMAT",
             "auto|raw|raw-be|text|ddd|hex|c of FILE; the default is text"},
            {"output-format", OptionKind::Text, "FORMAT",
             "raw|raw-be|text|ddd|hex|c; raw is little-endian struct sock_filter, c an "
             "initialiser"}});
  if (const auto status = line.parse(arguments)) return *status;
  if (line.operands().size() != 1) return line.usage("expected one FILE");
  if (line.json())
    return line.usage("a filter has no JSON form here: see assay disasm --format json");
  const auto format = output_format(line);
  if (!format) return format.error();

  load::FilterOptions options = line.filter_options();
  if (!line.has("input-format")) options.format = bpf::Format::Text;
  const auto filters = load::load_filters(line.operands()[0], options);
  if (!filters) {
    complain(load::describe(filters.error()));
    return status_of(filters.error());
  }
  if (filters->size() != 1) return line.usage("expected one filter: pid:N/I");
  auto output = line.open_output();
  if (!output) return output.error();
  const load::Filter& filter = filters->front();
  output->write(bpf::encode(filter.instructions, *format));
  return output->finish(yes);
}

}  // namespace assay::tool
