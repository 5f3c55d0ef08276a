#include "engine/agreement_programs.hpp"

#include "assay/bpf/opcode.hpp"
#include "assay/sample/constants.hpp"

namespace assay::agreement {

using bpf::Instruction;
using bpf::KRule;
using bpf::Opcode;
using sample::Alphabet;
using sample::Enumeration;
using sample::Fields;

namespace {

constexpr Instruction return_allow{0x06, 0, 0, 0x7fff0000};
constexpr Instruction return_a{0x16, 0, 0, 0};

Alphabet every_code_letters() {
  Alphabet letters;
  for (std::uint32_t code = 0; code <= 0xffff; ++code)
    for (const std::uint32_t k : {0U, 1U, 4U, 16U})
      letters.push_back({static_cast<std::uint16_t>(code), 0, 0, k});
  return letters;
}

// Each distance that is near the end of one of the campaigns' programs.
Alphabet full_letters() {
  const std::vector<std::uint8_t> distances{0, 1, 2, 3, 253, 254, 255};
  const Fields fields{
      {sample::boundary_constants.begin(), sample::boundary_constants.end()}, distances, distances};
  Alphabet letters = sample::alphabet(sample::known_codes(), fields);
  const Alphabet unknown = sample::alphabet(sample::unknown_codes(), fields);
  letters.insert(letters.end(), unknown.begin(), unknown.end());
  return letters;
}

Enumeration with_returns(std::size_t returns) {
  std::vector<Alphabet> places{full_letters()};
  places.resize(1 + returns, Alphabet{return_allow});
  return Enumeration(std::move(places));
}

// The values of k on both sides of each rule; where any will do, the ends, or for a jump one.
std::vector<std::uint32_t> around(const Opcode& opcode) {
  switch (opcode.rule) {
    case KRule::Any:
      if (bpf::is_jump(opcode.operation)) return {0};
      return {0, 0xffffffff};
    case KRule::NonZero: return {0, 1};
    case KRule::ShiftCount: return {0, 31, 32, 0xffffffff};
    case KRule::ScratchIndex: return {0, 1, 15, 16};
    case KRule::Offset: return {0, 60, 61, 64, 0xfffff000, 0xffffffff};
    case KRule::Target: return {0, 1, 2, 3, 0xffffffff};
  }
  return {0};
}

Alphabet letters_around_rules() {
  const std::vector<std::uint8_t> distances{0, 1, 2};
  Alphabet letters;
  for (const Opcode& row : bpf::opcodes) {
    const Fields fields{around(row), distances, distances};
    const Alphabet some = sample::alphabet(std::span(&row.code, 1), fields);
    letters.insert(letters.end(), some.begin(), some.end());
  }
  for (const std::uint16_t code : sample::unknown_codes()) letters.push_back({code, 0, 0, 0});
  return letters;
}

}  // namespace

Enumeration every_code() { return Enumeration({every_code_letters()}); }
Enumeration every_code_and_return() { return Enumeration({every_code_letters(), {return_allow}}); }
Enumeration store_and_every_code() {
  return Enumeration({{{0x02, 0, 0, 0}, {0x03, 0, 0, 1}}, every_code_letters(), {return_a}});
}

Enumeration one_instruction() { return Enumeration({full_letters()}); }
Enumeration one_and_three_returns() { return with_returns(3); }
Enumeration one_and_254_returns() { return with_returns(254); }
Enumeration one_and_256_returns() { return with_returns(256); }

Enumeration two_instructions() { return Enumeration({full_letters(), full_letters()}); }

Enumeration three_instructions() {
  const Alphabet letters = letters_around_rules();
  return Enumeration({letters, letters, letters});
}

void ask(Tester& tester, const EnumeratedCampaign& campaign, std::uint64_t step) {
  const Enumeration programs = campaign.programs();
  tester.accept({campaign.name, 0, 0}, programs.size(), step,
                [&](std::uint64_t index, sample::Instructions& to) {
                  to.resize(programs.length());
                  programs.write(index, to);
                });
}

void draw_any(std::uint64_t index, sample::Instructions& to) {
  sample::Random random(seed(), index);
  to = sample::any_program(random);
}

}  // namespace assay::agreement
