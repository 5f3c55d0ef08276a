// The running kernel is the reference: it accepts what we accept, and returns what we return, all
// 32 bits, for records out of the same bytes. Where no kernel can be asked, nothing is claimed.
//
// 64 bytes of a record, then instructions of 8 bytes, little-endian.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <vector>

#include "assay/engine/interpreter.hpp"
#include "assay/kernel/finding.hpp"
#include "assay/sample/program.hpp"
#include "assay/sample/record.hpp"
#include "assay/verify/accept.hpp"
#include "input.hpp"

namespace kernel = assay::kernel;
namespace sample = assay::sample;
namespace seccomp = assay::seccomp;
namespace verify = assay::verify;
using fuzz::require;

namespace {

// One for all inputs: opening costs more than asking.
kernel::Oracle* oracle() {
  static std::optional<kernel::Oracle> opened = []() -> std::optional<kernel::Oracle> {
    if (std::getenv("ASSAY_NO_FILTERS") != nullptr) return std::nullopt;
    auto oracle = kernel::Oracle::open();
    if (!oracle) return std::nullopt;
    return std::move(*oracle);
  }();
  return opened ? &*opened : nullptr;
}

void require_same(kernel::FindingKind kind, std::span<const assay::bpf::Instruction> program,
                  const seccomp::SeccompData& record, std::uint32_t ours, std::uint32_t theirs) {
  if (ours == theirs) return;
  const kernel::Finding finding{kind,
                                0,
                                0,
                                {{program.begin(), program.end()}},
                                record,
                                std::to_string(ours),
                                std::to_string(theirs)};
  std::fputs(kernel::to_text(finding).c_str(), stderr);
  require(false);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kernel::Oracle* const asked = oracle();
  if (asked == nullptr) return 0;
  fuzz::Bytes bytes{std::span(data, size)};
  seccomp::Words words{};
  for (std::uint32_t& word : words) word = bytes.take(4);
  words[1] = kernel::Oracle::native_arch();
  const auto record = seccomp::from_words(words, seccomp::byte_order(words[1]));
  const sample::Instructions instructions = fuzz::instructions_of(bytes, fuzz::Codes::Known, 4200);

  // A child that is lost or late says nothing about the kernel's rules.
  const auto error = asked->accept(kernel::Instructions(instructions));
  if (!error) return 0;
  const auto accepted = verify::accept(instructions);
  require_same(kernel::FindingKind::Accepted, instructions, record,
               static_cast<std::uint32_t>(accepted ? 0 : accepted.error().error),
               static_cast<std::uint32_t>(*error));

  const verify::Program program = sample::repaired(instructions);
  sample::Random random(size, 0);
  auto records =
      sample::records(random, program.instructions(), 7, {kernel::Oracle::native_arch(), true});
  records.push_back(record);
  const auto values = asked->value(program, records);
  if (!values) return 0;
  const assay::engine::Interpreter interpreter(program);
  for (std::size_t i = 0; i < records.size(); ++i)
    if ((*values)[i])
      require_same(kernel::FindingKind::Returned, program.instructions(), records[i],
                   interpreter.run(records[i]), *(*values)[i]);
  return 0;
}
