// All programs of a few instructions over an alphabet, by number: program i is computed,
// none is kept.
//
//   Enumeration three({letters, letters, letters});   // letters.size() ^ 3 programs
//
// An alphabet lists the instructions that may stand at one place. alphabet() makes one from
// sets of fields. Immutable; freely shared.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/sample/program.hpp"

namespace assay::sample {

using Alphabet = std::vector<bpf::Instruction>;

// Values of the fields, at least one each. Fields that an opcode ignores have their first
// values, and in one more letter of this code their last ones.
struct Fields {
  std::vector<std::uint32_t> k;
  std::vector<std::uint8_t> jt;
  std::vector<std::uint8_t> jf;
};
Alphabet alphabet(std::span<const std::uint16_t> codes, const Fields& fields);

// Every code of the table, and some that Linux does not know.
std::vector<std::uint16_t> known_codes();
std::vector<std::uint16_t> unknown_codes();

class Enumeration {
 public:
  explicit Enumeration(std::vector<Alphabet> places);

  std::uint64_t size() const { return size_; }
  std::size_t length() const { return places_.size(); }
  Instructions operator[](std::uint64_t index) const;
  // The same into memory of the caller: length() instructions.
  void write(std::uint64_t index, std::span<bpf::Instruction> to) const;

 private:
  std::vector<Alphabet> places_;
  std::uint64_t size_ = 1;
};

}  // namespace assay::sample
