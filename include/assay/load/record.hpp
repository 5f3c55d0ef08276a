// One record, as a user writes it: fields of the command line, or a line of JSON
//
//   {"arch":"x86_64","nr":257,"syscall":"openat","ip":0,"args":[0,0,0,0,0,0]}
//
// Missing fields are 0. `arch` is a token of libseccomp, an AUDIT_ARCH_* or a number; nr or
// syscall, and if both they must agree. Values are decimal or 0x, may be negative (two's
// complement), and as text may be a name such as AT_FDCWD. Grammar: docs/formats/records.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "assay/seccomp/arch.hpp"
#include "assay/seccomp/seccomp_data.hpp"

namespace assay::load {

struct FieldError {
  std::size_t column = 0;  // from 1 where the text is at fault, 0 where a field is
  std::string field;       // "args[2]"; empty for none
  std::string found;
  std::string expected;
  std::string suggestion;
  friend bool operator==(const FieldError&, const FieldError&) = default;
};
std::string describe(const FieldError& error);

struct ArchField {
  std::optional<seccomp::Arch> arch;  // none for a number that no architecture has
  std::uint32_t audit = 0;
  friend bool operator==(const ArchField&, const ArchField&) = default;
};

struct RecordFields {
  std::optional<ArchField> arch;
  std::optional<std::uint32_t> nr;
  std::string syscall;
  std::uint64_t ip = 0;
  std::array<std::uint64_t, 6> args{};
};

tl::expected<seccomp::SeccompData, FieldError> to_record(const RecordFields& fields);
tl::expected<seccomp::SeccompData, FieldError> parse_record(std::string_view json_line);

tl::expected<ArchField, FieldError> parse_arch(std::string_view text);
tl::expected<std::uint32_t, FieldError> parse_nr(std::string_view text);
tl::expected<std::uint64_t, FieldError> parse_value(std::string_view text);
// "2=0x10": index and value.
tl::expected<std::pair<std::size_t, std::uint64_t>, FieldError> parse_argument(
    std::string_view text);

}  // namespace assay::load
