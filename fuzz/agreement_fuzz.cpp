// The engines agree. On any instructions: whether they are accepted. On the accepted program
// next to them and records out of the same bytes: value, instructions executed (never more
// than the program has), converted length, and what the constant-action bitmap takes.
//
// 64 bytes of a record, then instructions of 8 bytes, little-endian.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "assay/engine/interpreter.hpp"
#include "assay/sample/program.hpp"
#include "assay/sample/record.hpp"
#include "assay/seccomp/arch.hpp"
#include "assay/verify/bitmap.hpp"
#include "assay/verify/chain.hpp"
#include "engine/agreement.hpp"
#include "engine/agreement_independent.hpp"
#include "input.hpp"

namespace agreement = assay::agreement;
namespace sample = assay::sample;
namespace seccomp = assay::seccomp;
namespace verify = assay::verify;
using fuzz::require;

namespace {

seccomp::SeccompData record_of(fuzz::Bytes& bytes) {
  seccomp::Words words{};
  for (std::uint32_t& word : words) word = bytes.take(4);
  return seccomp::from_words(words, seccomp::byte_order(words[1]));
}

void check_facts(const verify::Program& program, std::span<const seccomp::SeccompData> records) {
  const auto insns = agreement::translated(program.instructions());
  using enum verify::Blinding;
  require(verify::chain_cost(program, Off) == independent::converted_length(insns, false));
  require(verify::chain_cost(program, On) == independent::converted_length(insns, true));
  for (const seccomp::SeccompData& record : records) {
    const auto answer = verify::bitmap_answer(program, record.nr, record.arch).answer;
    require((answer == verify::BitmapAnswer::Constant) ==
            independent::constant_allow(insns, record.nr, record.arch));
    const auto words = assay::engine::Interpreter::words_of(record);
    require(independent::run(insns, words).executed <= program.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Bytes bytes{std::span(data, size)};
  const seccomp::SeccompData record = record_of(bytes);
  const sample::Instructions instructions = fuzz::instructions_of(bytes, fuzz::Codes::Any, 8192);

  agreement::Tester tester(agreement::in_user_space);
  tester.accept({"fuzz", 0, 0}, 1, 1,
                [&](std::uint64_t, sample::Instructions& to) { to = instructions; });
  const verify::Program program = sample::repaired(instructions);
  sample::Random random(size, 0);
  std::vector<seccomp::SeccompData> records = sample::records(random, program.instructions(), 7);
  records.push_back(record);
  tester.run({"fuzz", 0, 0}, program, records);
  check_facts(program, records);
  for (const std::string& text : tester.report().shown) std::fprintf(stderr, "%s\n", text.c_str());
  require(tester.report().disagreements == 0);
  return 0;
}
