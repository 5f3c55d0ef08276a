#include "assay/sample/enumeration.hpp"

#include <array>
#include <cassert>

#include "assay/bpf/opcode.hpp"

namespace assay::sample {

using bpf::Instruction;

Alphabet alphabet(std::span<const std::uint16_t> codes, const Fields& fields) {
  Alphabet letters;
  for (const std::uint16_t code : codes) {
    const bpf::Opcode* opcode = bpf::find_opcode(code);
    const bool jumps = opcode != nullptr && bpf::uses_jumps(*opcode);
    const bool k_used = opcode != nullptr && bpf::uses_k(*opcode);
    const auto ks = std::span(fields.k).first(k_used ? fields.k.size() : 1);
    const auto jts = std::span(fields.jt).first(jumps ? fields.jt.size() : 1);
    const auto jfs = std::span(fields.jf).first(jumps ? fields.jf.size() : 1);
    for (const std::uint32_t k : ks)
      for (const std::uint8_t jt : jts)
        for (const std::uint8_t jf : jfs) letters.push_back({code, jt, jf, k});
    if (jumps && k_used) continue;
    letters.push_back({code, jumps ? jts.front() : fields.jt.back(),
                       jumps ? jfs.front() : fields.jf.back(),
                       k_used ? ks.front() : fields.k.back()});
  }
  return letters;
}

std::vector<std::uint16_t> known_codes() {
  std::vector<std::uint16_t> codes;
  for (const bpf::Opcode& row : bpf::opcodes) codes.push_back(row.code);
  return codes;
}

// Holes of the code space next to codes that exist: RET X, NEG X, JA X, LDX W ABS, the
// kernel's internal load, and known codes with a high bit.
std::vector<std::uint16_t> unknown_codes() {
  return {0x08, 0x0d, 0x0e, 0x17, 0x21, 0x8c, 0xa0, 0xb4, 0x106, 0x8006, 0x0120, 0xffff};
}

Enumeration::Enumeration(std::vector<Alphabet> places) : places_(std::move(places)) {
  for (const Alphabet& letters : places_) size_ *= letters.size();
}

void Enumeration::write(std::uint64_t index, std::span<Instruction> to) const {
  assert(index < size_ && to.size() == places_.size());
  for (std::size_t place = 0; place < places_.size(); ++place) {
    to[place] = places_[place][index % places_[place].size()];
    index /= places_[place].size();
  }
}

Instructions Enumeration::operator[](std::uint64_t index) const {
  Instructions program(places_.size());
  write(index, program);
  return program;
}

}  // namespace assay::sample
