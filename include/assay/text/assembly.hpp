// Assembly with the names of seccomp: `ld [args[1].lo]`, `jeq #AUDIT_ARCH_X86_64, L3`,
// `jeq #x86_64.openat, L7`, `ret #ERRNO(EPERM)`.
//
// The plain language of bpf/assemble.hpp, plus symbols. Text read back gives the same bytes
// with no option needed: system calls carry their architecture, and a filter written with
// big-endian names says so (".byte_order big"). A name is printed only where it holds: a
// system call where A holds seccomp_data.nr and one architecture is in force on every path,
// an AUDIT_ARCH_* where A holds seccomp_data.arch.
#pragma once

#include <bit>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "assay/bpf/codec.hpp"
#include "assay/seccomp/arch.hpp"

namespace assay::text {

struct AssemblyStyle {
  // Which word of a 64-bit field is `.lo`. Without one: big where every AUDIT_ARCH_* that the
  // filter compares is of a big-endian machine, else little.
  std::optional<std::endian> order = {};
  std::optional<seccomp::Arch> arch = {};  // in force from the start, for filters that test none
  bool comments = true;                    // the number behind a name, the verdict behind a number
};

// Names chosen once for a whole filter, for those who print single instructions of it.
// Refers to the instructions, which must outlive it.
class Listing {
 public:
  explicit Listing(std::span<const bpf::Instruction> instructions, const AssemblyStyle& style = {});
  ~Listing();
  Listing(Listing&&) noexcept;
  Listing& operator=(Listing&&) noexcept;

  std::string text() const;                       // one instruction a line
  std::string instruction(std::size_t pc) const;  // "jeq #x86_64.openat, L7"
  std::string comment(std::size_t pc) const;      // "257", or empty

 private:
  class Names;
  std::span<const bpf::Instruction> instructions_;
  std::unique_ptr<const Names> names_;
};

std::string disassemble(std::span<const bpf::Instruction> instructions,
                        const AssemblyStyle& style = {});
// Instruction pc alone, without label and comment; a Listing is cheaper for several.
std::string disassemble_one(std::span<const bpf::Instruction> instructions, std::size_t pc,
                            const AssemblyStyle& style = {});

bpf::Decoded assemble(std::string_view text, std::size_t limit = bpf::default_limit);

// As bpf::decode, with names in Format::Text.
bpf::Decoded decode(std::span<const std::byte> bytes, bpf::Format format,
                    std::size_t limit = bpf::default_limit);

}  // namespace assay::text
