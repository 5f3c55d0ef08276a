// A second reading of the classic BPF rules that Linux applies to seccomp filters, for tests only.
//
// It was written from the kernel's observed behaviour (Linux 6.18), without sight of the project's
// engines, and it shares nothing with lib/: no types, no opcode table, no helpers. A mistake in the
// engines therefore has no copy here that could agree with it. Keep it that way: never include a
// project header and never move code between the two. Plain and slow is fine; every rule should be
// checkable by eye.
#ifndef INDEPENDENT_INDEPENDENT_HPP
#define INDEPENDENT_INDEPENDENT_HPP

#include <array>
#include <cstdint>
#include <span>

namespace independent {

struct Insn {
  std::uint16_t code;
  std::uint8_t jt, jf;
  std::uint32_t k;
};

// 0 when Linux accepts the program, else the errno (always EINVAL, 22). Every other function that
// takes a program needs one that is accepted.
int load_errno(std::span<const Insn> program);

// What LSH X and RSH X do with a count above 31. Interpreter and most JITs: mod32. JIT of ppc64le:
// mod64. JIT of 32-bit arm: mod256.
enum class ShiftRule { mod32, mod64_zero_above_31, mod256_zero_above_31 };

struct Outcome {
  std::uint32_t value;
  std::uint32_t executed;  // instructions executed, the one that ended the program included
  bool operator==(const Outcome&) const = default;
};

// words[i] is the 32-bit word at byte offset 4*i of struct seccomp_data, as the filter loads it.
Outcome run(std::span<const Insn> program, const std::array<std::uint32_t, 16>& words,
            ShiftRule rule = ShiftRule::mod32);

// The value the kernel acts on when the filters of a chain returned these, oldest filter first.
std::uint32_t combine(std::span<const std::uint32_t> oldest_first);

// Instructions after the kernel's conversion to eBPF, which is what the chain limit counts;
// `blinded` when the JIT hides constants (net.core.bpf_jit_harden).
std::uint32_t converted_length(std::span<const Insn> program, bool blinded);

// The words of struct seccomp_data.
std::array<std::uint32_t, 16> words(std::uint32_t nr, std::uint32_t arch, std::uint64_t ip,
                                    const std::array<std::uint64_t, 6>& args, bool big_endian);

// True when the kernel's emulation of this filter, knowing only nr and arch, ends in a plain ALLOW,
// so that its bitmap may skip the filter. Says nothing of the numbers the kernel exempts by itself
// (x86_64 335 and 336).
bool constant_allow(std::span<const Insn> program, std::uint32_t nr, std::uint32_t arch);

}  // namespace independent

#endif
