// What filters cost of the budget that Linux gives a thread's chain of filters.
//
// Since 3.16 a filter counts with its length after conversion to eBPF, to which JIT
// hardening adds, plus 4 for each filter already there; the sum may not exceed 32768
// (MAX_INSNS_PER_PATH in kernel/seccomp.c, bpf_convert_filter() in net/core/filter.c,
// bpf_jit_blind_constants() in kernel/bpf/core.c).
#pragma once

#include <cstdint>
#include <span>

#include "assay/seccomp/semantics.hpp"
#include "assay/verify/program.hpp"

namespace assay::verify {

inline constexpr std::uint32_t chain_limit = 32768;
inline constexpr std::uint32_t chain_penalty = 4;  // for each filter already attached

// Whether constants are blinded: net.core.bpf_jit_harden 2, or 1 for a caller without
// CAP_BPF.
enum class Blinding : bool { Off, On };

// The filter's length as the budget counts it.
std::uint32_t chain_cost(const Program& program, Blinding blinding = Blinding::Off,
                         const seccomp::Semantics& semantics = {});

// Whether a filter of cost `added` fits above filters of these costs.
bool fits(std::uint32_t added, std::span<const std::uint32_t> attached);

// How many filters of cost `added`, one after the other, fit above filters of these costs.
std::uint32_t times_it_fits(std::uint32_t added, std::span<const std::uint32_t> attached);

}  // namespace assay::verify
