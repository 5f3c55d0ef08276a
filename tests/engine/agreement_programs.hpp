// What the engines are asked about acceptance: every program over some alphabets, and random
// ones.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "assay/sample/enumeration.hpp"
#include "engine/agreement.hpp"

namespace assay::agreement {

struct EnumeratedCampaign {
  std::string_view name;
  sample::Enumeration (*programs)();
  // The kernel is asked one program in so many, a number that shares no factor with the
  // sizes of the alphabets, so that every letter still meets every other.
  std::uint64_t kernel_step;  // in the fast tier
  std::uint64_t slow_step;    // in the slow one; 0: the fast tier did all
};

// All 65,536 codes with a few k: alone, in front of a return, and behind a store to M[k].
sample::Enumeration every_code();
sample::Enumeration every_code_and_return();
sample::Enumeration store_and_every_code();
// One instruction with every boundary value of every field it has: alone; in front of three
// returns, where short jumps fit; of 254 and of 256, where the longest do and do not.
sample::Enumeration one_instruction();
sample::Enumeration one_and_three_returns();
sample::Enumeration one_and_254_returns();
sample::Enumeration one_and_256_returns();
sample::Enumeration two_instructions();
// Three of a smaller alphabet: all codes, with k, jt and jf on both sides of what their rules
// allow.
sample::Enumeration three_instructions();

inline constexpr auto enumerated_campaigns = std::to_array<EnumeratedCampaign>({
    {"EveryCode", every_code, 1, 0},
    {"EveryCodeAndReturn", every_code_and_return, 1, 0},
    {"StoreAndEveryCode", store_and_every_code, 1, 0},
    {"OneInstruction", one_instruction, 1, 0},
    {"OneAndThreeReturns", one_and_three_returns, 1, 0},
    {"OneAnd254Returns", one_and_254_returns, 1, 0},
    {"OneAnd256Returns", one_and_256_returns, 1, 0},
    {"TwoInstructions", two_instructions, 83, 11},
    {"ThreeInstructions", three_instructions, 5, 1},
});

// Asks about one in `step` of its programs.
void ask(Tester& tester, const EnumeratedCampaign& campaign, std::uint64_t step);
// Program `index` of the random campaign.
void draw_any(std::uint64_t index, sample::Instructions& to);

}  // namespace assay::agreement
