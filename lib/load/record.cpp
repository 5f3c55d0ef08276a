#include "assay/load/record.hpp"

#include <charconv>

#include "assay/load/input.hpp"
#include "assay/names/constants.hpp"
#include "assay/names/nearest.hpp"
#include "assay/names/syscalls.hpp"

namespace assay::load {
namespace {

constexpr std::size_t shown = 60;

FieldError wrong(std::string_view field, std::string_view found, std::string expected) {
  return {0, std::string(field), "'" + printable(found, shown) + "'", std::move(expected), {}};
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

// Decimal or 0x, all of the text.
std::optional<std::uint64_t> magnitude(std::string_view text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, value, hex ? 16 : 10);
  if (text.empty() || error != std::errc{} || last != end) return std::nullopt;
  return value;
}

// As a 64-bit pattern, and whether it came with a minus.
struct Number {
  std::uint64_t bits = 0;
  bool negative = false;
};

std::optional<Number> parse_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto value = magnitude(text);
  constexpr std::uint64_t lowest = std::uint64_t{1} << 63;
  if (!value || (negative && *value > lowest)) return std::nullopt;
  return Number{negative ? ~*value + 1 : *value, negative};
}

std::string near_arch(std::string_view text) {
  std::array<std::string_view, seccomp::arches.size()> tokens;
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = seccomp::arches[i].token;
  return std::string(names::nearest(text, tokens).value_or(""));
}

std::string near_constant(std::string_view text) {
  std::vector<std::string_view> known;
  for (const names::Constant& row : names::all_constants()) known.push_back(row.name);
  return std::string(names::nearest(text, known).value_or(""));
}

// A number of x86_64 with bit 30 is one of x32.
seccomp::Arch table_of(seccomp::Arch arch, std::optional<std::uint32_t> nr) {
  const bool x32 = nr && *nr != 0xffffffff && (*nr & seccomp::x32_bit) != 0;
  return arch == seccomp::Arch::x86_64 && x32 ? seccomp::Arch::x32 : arch;
}

tl::expected<std::uint32_t, FieldError> number_of_call(const RecordFields& fields) {
  const auto arch = fields.arch ? fields.arch->arch : std::nullopt;
  if (!arch) {
    if (fields.nr) return *fields.nr;
    return tl::unexpected(wrong("syscall", fields.syscall, "an arch whose calls have names"));
  }
  const seccomp::Arch table = table_of(*arch, fields.nr);
  const auto known = names::syscall_number(table, fields.syscall);
  if (known && fields.nr && *known != (*fields.nr | seccomp::describe(table).nr_bit)) {
    auto error = wrong("syscall", fields.syscall, "the name of nr " + std::to_string(*fields.nr));
    error.suggestion = names::syscall_name(table, *fields.nr).value_or("");
    return tl::unexpected(error);
  }
  if (known) return *known;
  if (fields.nr) return *fields.nr;  // a name newer than ours
  auto error = wrong("syscall", fields.syscall,
                     "a system call of " + std::string(seccomp::describe(*arch).token));
  error.suggestion = names::nearest(fields.syscall, names::all_syscall_names(table)).value_or("");
  return tl::unexpected(error);
}

}  // namespace

std::string describe(const FieldError& error) {
  std::string text = error.field.empty() ? "" : error.field + ": ";
  text += "found " + error.found + ", expected " + error.expected;
  if (!error.suggestion.empty()) text += "; did you mean " + quoted(error.suggestion) + "?";
  return text;
}

tl::expected<seccomp::SeccompData, FieldError> to_record(const RecordFields& fields) {
  std::uint32_t nr = fields.nr.value_or(0);
  if (!fields.syscall.empty()) {
    const auto number = number_of_call(fields);
    if (!number) return tl::unexpected(number.error());
    nr = *number;
  }
  if (fields.arch && fields.arch->arch) nr |= seccomp::describe(*fields.arch->arch).nr_bit;
  return seccomp::SeccompData{nr, fields.arch ? fields.arch->audit : 0, fields.ip, fields.args};
}

tl::expected<ArchField, FieldError> parse_arch(std::string_view text) {
  auto arch = seccomp::find_arch(text);
  if (!arch) arch = seccomp::find_arch_macro(text);
  if (arch) return ArchField{arch, seccomp::describe(*arch).audit};
  const auto number = magnitude(text);
  if (number && *number <= 0xffffffff) {
    const auto audit = static_cast<std::uint32_t>(*number);
    return ArchField{seccomp::find_arch(audit), audit};
  }
  auto error = wrong("arch", text, "a token such as x86_64 or an AUDIT_ARCH number of 32 bits");
  error.suggestion = near_arch(text);
  return tl::unexpected(error);
}

tl::expected<std::uint32_t, FieldError> parse_nr(std::string_view text) {
  const auto number = parse_number(text);
  constexpr std::uint64_t lowest = ~std::uint64_t{0x7fffffff};  // -2^31
  const bool fits = number && (number->negative ? number->bits == 0 || number->bits >= lowest
                                                : number->bits <= 0xffffffff);
  if (!fits) return tl::unexpected(wrong("nr", text, "a number of 32 bits"));
  return static_cast<std::uint32_t>(number->bits);
}

tl::expected<std::uint64_t, FieldError> parse_value(std::string_view text) {
  if (const auto number = parse_number(text)) return number->bits;
  if (const auto value = names::constant_value(text)) return static_cast<std::uint64_t>(*value);
  auto error = wrong("", text, "a number of 64 bits or the name of a constant");
  error.suggestion = near_constant(text);
  return tl::unexpected(error);
}

tl::expected<std::pair<std::size_t, std::uint64_t>, FieldError> parse_argument(
    std::string_view text) {
  const bool well_formed = text.size() >= 2 && text[1] == '=' && text[0] >= '0' && text[0] <= '5';
  if (!well_formed) return tl::unexpected(wrong("arg", text, "I=V with I in 0..5"));
  const auto value = parse_value(text.substr(2));
  if (!value) {
    FieldError error = value.error();
    error.field = "arg " + std::string(text.substr(0, 1));
    return tl::unexpected(error);
  }
  return std::pair<std::size_t, std::uint64_t>(static_cast<std::size_t>(text[0] - '0'), *value);
}

}  // namespace assay::load
