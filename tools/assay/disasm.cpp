// assay disasm: a filter as assembly text.
#include "assay/bpf/disassemble.hpp"
#include "assay/text/assembly.hpp"
#include "filters.hpp"
#include "json.hpp"

namespace assay::tool {
namespace {

constexpr Manual manual{
    "disasm", "FILTER...",
    "Writes filters as assembly text, which `assay asm` turns into the same bytes again.",
    "FILTER is a file, - for stdin, or pid:N (the filters of a live process; pid:N/I for one of\n"
    "them, 0 = oldest). A name stands in the place of a number only where it holds on every path.",
    "  $ printf '2\\n32 0 0 0\\n6 0 0 2147418112\\n' | assay disasm -\n"
    "          ld [nr]\n"
    "          ret #ALLOW"};

// The listing, as text and line by line.
class Listing {
 public:
  Listing(const load::Filter& filter, const CommandLine& line, const text::AssemblyStyle& style)
      : filter_(filter), plain_(line.has("plain")), style_(style) {}

  std::string text() const {
    return plain_ ? bpf::disassemble(filter_.instructions)
                  : text::disassemble(filter_.instructions, style_);
  }

  Json json() const {
    Json list = Json::array();
    for (std::size_t pc = 0; pc < filter_.instructions.size(); ++pc) {
      const bpf::Instruction& insn = filter_.instructions[pc];
      list.push_back({{"pc", pc},
                      {"code", insn.code},
                      {"jt", insn.jt},
                      {"jf", insn.jf},
                      {"k", insn.k},
                      {"text", one(pc)}});
    }
    return list;
  }

 private:
  std::string one(std::size_t pc) const {
    return plain_ ? bpf::disassemble_one(filter_.instructions, pc)
                  : text::disassemble_one(filter_.instructions, pc, style_);
  }

  const load::Filter& filter_;
  bool plain_;
  text::AssemblyStyle style_;
};

tl::expected<text::AssemblyStyle, ExitStatus> read_style(const CommandLine& line) {
  text::AssemblyStyle style;
  style.comments = !line.has("no-comments");
  const auto order = line.choice("byte-order", {"auto", "little", "big"});
  if (!order) return tl::unexpected(order.error());
  if (*order == "little") style.order = std::endian::little;
  if (*order == "big") style.order = std::endian::big;
  if (line.has("arch")) {
    style.arch = seccomp::find_arch(line.text("arch"));
    if (!style.arch)
      return tl::unexpected(line.usage("option '--arch': found '" +
                                       load::printable(line.text("arch")) +
                                       "', expected a token such as x86_64"));
  }
  return style;
}

}  // namespace

ExitStatus run_disasm(const Arguments& arguments) {
  CommandLine line(manual);
  line.add_input_format();
  line.add({{"plain", OptionKind::Flag, "", "numbers only, as bpf_asm reads them"},
            {"no-comments", OptionKind::Flag, "", "without the remarks after ;"},
            {"arch", OptionKind::Text, "ARCH",
             "whose system calls are meant where the filter does not test the arch"},
            {"byte-order", OptionKind::Text, "ORDER",
             "auto|little|big half of a 64-bit field first; auto: as the arches tested have it"}});
  if (const auto status = line.parse(arguments)) return *status;
  if (line.operands().empty()) return line.usage("expected a FILTER");
  const auto style = read_style(line);
  if (!style) return style.error();
  auto output = line.open_output();
  if (!output) return output.error();

  const ExitStatus status = for_each_filter(line, [&](const load::Filter& filter) {
    const Listing listing(filter, line, *style);
    if (line.json()) {
      Json json = json_document(line.semantics());
      json["file"] = filter.file;
      json["insns"] = filter.instructions.size();
      json["instructions"] = listing.json();
      output->write(json_line(json));
    } else {
      const bool several = line.operands().size() > 1 || line.operands()[0].starts_with("pid:");
      if (several) output->write("; " + load::printable(filter.file) + "\n");
      output->write(listing.text());
    }
    return yes;
  });
  return output->finish(status);
}

}  // namespace assay::tool
