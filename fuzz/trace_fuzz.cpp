// Laws of the readers of recordings, for any text in any format: what is known and what is
// assumed of a call exclude each other, data has no bit beyond them, an argument with a gap is
// not wholly known; a call has the number of a line that was read, and no more calls come out
// than lines went in. What is judged certain is what the filter says with the open bits filled
// in at will, and the replay counts every call.
//
// The first byte chooses the format, the rest is the recording.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "assay/engine/filter_stack.hpp"
#include "assay/text/assembly.hpp"
#include "assay/trace/reader.hpp"
#include "assay/trace/replay.hpp"
#include "assay/verify/accept.hpp"
#include "input.hpp"

namespace trace = assay::trace;
namespace seccomp = assay::seccomp;
using fuzz::require;

namespace {

// Looks at the number, at either half of an argument, at flags.
constexpr std::string_view filter =
    "ld [arch]\njeq #AUDIT_ARCH_I386, trap, +0\nld [nr]\njeq #3, trap, +0\njeq #41, socket, +0\n"
    "jeq #257, openat, allow\nsocket: ld [args[0].lo]\njeq #1, +0, trap\nld [args[0].hi]\n"
    "jeq #0, allow, trap\nopenat: ld [args[2].lo]\njset #3, trap, allow\nallow: ret #ALLOW\n"
    "trap: ret #TRAP(1)\n";

const assay::verify::Program& program() {
  static const auto one = *assay::verify::accept(*assay::text::assemble(filter));
  return one;
}

void check_words(std::uint64_t data, std::uint64_t known, std::uint64_t assumed) {
  require((known & assumed) == 0);
  require((data & ~(known | assumed)) == 0);
}

void check_call(const trace::Call& call, std::size_t lines) {
  require(call.line >= 1 && call.line <= lines && call.count >= 1);
  require(call.known.arch == ~0U);
  require((call.known.nr | call.assumed.nr) == ~0U || !call.name.empty());
  check_words(call.data.instruction_pointer, call.known.instruction_pointer, 0);
  for (std::size_t i = 0; i < call.gaps.size(); ++i) {
    check_words(call.data.args[i], call.known.args[i], call.assumed.args[i]);
    const bool whole = call.known.args[i] == ~std::uint64_t{0};
    require(whole == (call.gaps[i] == trace::Gap::None) || call.gaps[i] == trace::Gap::Split);
  }
}

// The open bits of an argument filled with a pattern; one that may not be 0 is not.
void check_certain(const trace::Call& call, const trace::Judgement& judgement) {
  static const assay::engine::FilterStack stack(std::span(&program(), 1));
  if (judgement.certainty != trace::Certainty::Certain || call.known.nr != ~0U) return;
  for (const std::uint64_t fill : {~std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32,
                                   std::uint64_t{0x5555555555555555}}) {
    seccomp::SeccompData data = call.data;
    for (std::size_t i = 0; i < data.args.size(); ++i)
      data.args[i] = (data.args[i] & call.known.args[i]) | (fill & ~call.known.args[i]);
    require(stack.run(data).normalised() == judgement.verdict);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static trace::Judge judge(std::span(&program(), 1));
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr unsigned readers = 6;  // of text; what detect() says, beyond
  const unsigned choice = data[0] % (readers + 1);
  const trace::Format format =
      choice < readers ? static_cast<trace::Format>(choice) : trace::detect(text);
  const auto reader = trace::make_reader(format, {});
  std::vector<trace::Call> calls;
  std::size_t lines = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    reader->read(text.substr(0, end), ++lines, calls);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  reader->finish(calls);
  require(calls.size() <= lines);
  trace::Replay replay(judge);
  std::uint64_t counted = 0;
  for (const trace::Call& call : calls) {
    check_call(call, lines);
    check_certain(call, replay.take(call));
    counted += call.count;
  }
  require(replay.calls() == counted);
  return 0;
}
