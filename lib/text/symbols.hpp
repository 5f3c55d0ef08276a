// The symbols of seccomp assembly: each name's value, and for a value its name.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "assay/bpf/assemble.hpp"
#include "assay/seccomp/arch.hpp"

namespace assay::text {

// "args[1].lo" for the offset of a word of seccomp_data; empty for other offsets.
std::string offset_name(std::uint32_t offset, std::endian order);
std::optional<std::uint32_t> offset_value(std::string_view name, std::endian order);

// "x86_64.openat"; empty unless it reads back as nr. Numbers with the x32 bit are x32's.
std::string syscall_symbol(std::uint32_t audit, std::uint32_t nr);
// "AUDIT_ARCH_X86_64", or empty.
std::string arch_symbol(std::uint32_t audit);
// "ERRNO(EPERM)"; empty when the words do not say all 32 bits. Where errno numbers of the
// architecture in force are not the usual ones, the number stands.
std::string return_symbol(std::uint32_t value, std::optional<std::uint32_t> audit);

inline constexpr std::string_view x32_bit_symbol = "X32_SYSCALL_BIT";

class Symbols : public bpf::SymbolResolver {
 public:
  std::optional<std::uint32_t> resolve(const bpf::Opcode& row, std::string_view symbol) override;
  std::string suggest(const bpf::Opcode& row, std::string_view symbol) override;
  std::string nearest(std::string_view word, std::span<const std::string_view> known) override;
  // .byte_order little|big: which word of a 64-bit field is `.lo` from here on.
  bool directive(std::string_view name, std::string_view value) override;

 private:
  std::endian order_ = std::endian::little;
};

}  // namespace assay::text
