#include "trace/arguments.hpp"

#include "assay/names/constants.hpp"
#include "trace/cursor.hpp"

namespace assay::trace {
namespace {

constexpr std::uint64_t low_half = 0xffffffff;
constexpr std::uint64_t high_half = ~low_half;

// Index after the string that starts at `at`, the dots of a shortened one included.
std::size_t after_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"') {
      ++at;
      return text.substr(at).starts_with("...") ? at + 3 : at;
    }
  }
  return text.size();
}

std::size_t after_comment(std::string_view text, std::size_t at) {
  const std::size_t end = text.find("*/", at + 2);
  return end == std::string_view::npos ? text.size() : end + 2;
}

// After the <...> that says what a descriptor is. Paths have their angle brackets escaped;
// elsewhere -> joins two addresses.
std::size_t after_annotation(std::string_view text, std::size_t at) {
  const bool path = text.substr(at).starts_with("</");
  int depth = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '<') ++depth;
    const bool arrow = !path && text[at] == '>' && text[at - 1] == '-';
    if (text[at] == '>' && !arrow && --depth == 0) break;
  }
  ++at;
  constexpr std::string_view deleted = "(deleted)";
  if (at < text.size() && text.substr(at).starts_with(deleted)) at += deleted.size();
  return std::min(at, text.size());
}

bool is_open(char c) { return c == '(' || c == '[' || c == '{'; }
bool is_close(char c) { return c == ')' || c == ']' || c == '}'; }

// Index of the ',' or ')' that ends the argument starting at `at`, or the end of the text.
std::size_t end_of_argument(std::string_view text, std::size_t at) {
  for (int depth = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = after_string(text, at);
      continue;
    }
    if (c == '/' && text.substr(at).starts_with("/*")) {
      at = after_comment(text, at);
      continue;
    }
    if (c == '<' && at > 0 && is_word(text[at - 1])) {
      if (text.substr(at).starts_with("<<")) {
        at += 2;
        continue;
      }
      at = after_annotation(text, at);
      continue;
    }
    if (depth == 0 && (c == ',' || c == ')')) return at;
    if (is_open(c)) ++depth;
    if (is_close(c) && depth > 0) --depth;
    ++at;
  }
  return text.size();
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// "flags=CLONE_VM" has a name; "{...} => {...}" and "a == b" have none.
Argument argument_of(std::string_view text) {
  Cursor cursor(text);
  if (!is_letter(cursor.peek())) return {{}, text};
  const std::string_view name = cursor.word();
  const bool named = cursor.peek() == '=' && !cursor.rest().starts_with("==");
  if (!named) return {{}, text};
  return {name, cursor.rest().substr(1)};
}

// What strace puts after a value: comments, and what a descriptor is.
std::string_view without_remarks(std::string_view text) {
  while (text.ends_with("*/")) {
    const std::size_t start = text.rfind("/*");
    if (start == std::string_view::npos) break;
    text = trimmed(text.substr(0, start));
  }
  const std::size_t annotation = text.find('<');
  const bool described = annotation != std::string_view::npos && annotation > 0 &&
                         !text.substr(annotation).starts_with("<<");
  return described ? text.substr(0, annotation) : text;
}

struct Part {
  std::uint64_t bits = 0;
  std::uint64_t known = low_half;
  bool negative = false;
};

std::optional<Part> number_part(std::string_view text) {
  if (text.starts_with("0x")) {
    const auto value = whole_number<std::uint64_t>(text.substr(2), 16);
    if (!value) return std::nullopt;
    return Part{*value, (*value & high_half) != 0 ? ~std::uint64_t{0} : low_half, false};
  }
  if (text.starts_with('-')) {
    const auto value = whole_number<std::int64_t>(text);
    if (!value) return std::nullopt;
    return Part{static_cast<std::uint64_t>(*value), low_half, true};
  }
  if (text.size() > 1 && text.front() == '0') {
    const auto value = whole_number<std::uint64_t>(text, 8);
    if (!value) return std::nullopt;
    constexpr std::uint64_t mode = 0xffff;  // the bits that the kernel takes of one
    return Part{*value, *value <= mode ? mode : low_half, false};
  }
  const auto value = whole_number<std::uint64_t>(text);
  if (!value) return std::nullopt;
  return Part{*value, (*value & high_half) != 0 ? ~std::uint64_t{0} : low_half, false};
}

// "_IOC(_IOC_READ|_IOC_WRITE, 0xbe, 0xef, 0x1ead)": direction, type, number, size.
std::optional<Part> ioctl_part(std::string_view text) {
  Cursor cursor(text);
  if (!cursor.take("_IOC(")) return std::nullopt;
  std::uint64_t direction = 0;
  do {
    const std::string_view word = cursor.word();
    if (word == "_IOC_WRITE")
      direction |= 1;
    else if (word == "_IOC_READ")
      direction |= 2;
    else if (word != "_IOC_NONE")
      return std::nullopt;
  } while (cursor.take("|"));
  std::array<std::uint64_t, 3> fields{};
  for (std::uint64_t& field : fields) {
    if (!cursor.take(", ")) return std::nullopt;
    const bool hex = cursor.take("0x");
    const auto value = cursor.number<std::uint64_t>(hex ? 16 : 10);
    if (!value) return std::nullopt;
    field = *value;
  }
  if (!cursor.take(")") || !cursor.empty()) return std::nullopt;
  return Part{
      direction << 30 | (fields[2] & 0x3fff) << 16 | (fields[0] & 0xff) << 8 | (fields[1] & 0xff),
      low_half, false};
}

// One of the values that are joined by |.
std::optional<Part> part_of(std::string_view text, const ValueRules& rules) {
  text = without_remarks(trimmed(text));
  if (text.empty()) return std::nullopt;
  if (is_digit(text.front()) || text.front() == '-') return number_part(text);
  if (!rules.symbols) return std::nullopt;
  if (text.starts_with("_IOC(")) return ioctl_part(text);
  const auto value = names::constant_value(text);
  if (!value) return std::nullopt;
  return Part{static_cast<std::uint64_t>(*value), low_half, *value < 0};
}

// Index of the | that ends a part at the start of text.
std::size_t end_of_part(std::string_view text) {
  for (std::size_t at = 0, depth = 0; at < text.size(); ++at) {
    if (text[at] == '/' && text.substr(at).starts_with("/*"))
      at = after_comment(text, at) - 1;
    else if (text[at] == '(')
      ++depth;
    else if (text[at] == ')' && depth > 0)
      --depth;
    else if (text[at] == '|' && depth == 0)
      return at;
  }
  return text.size();
}

Value value_of(const Part& part) {
  // A plain int of -1 or AT_FDCWD is moved through a 32-bit register; of another negative
  // number it cannot be told whether it was a long.
  const auto as_int = static_cast<std::int64_t>(part.bits);
  const bool usual = !part.negative || as_int == -1 || as_int == -100;
  Value value;
  value.bits = part.negative ? part.bits & low_half : part.bits;
  value.known = part.known;
  value.assumed = usual ? ~part.known : 0;
  value.nonzero = (part.bits & part.known) != 0;
  value.gap = part.known == ~std::uint64_t{0} ? Gap::None : Gap::HighHalf;
  return value;
}

constexpr Value content{0, 0, 0, true, Gap::Content};
constexpr Value symbolic{0, 0, 0, false, Gap::Symbolic};

}  // namespace

ArgumentList split_arguments(std::string_view text) {
  ArgumentList list;
  std::size_t at = 0;
  list.continues_last = text.starts_with(" =>");
  list.follows_comma = text.starts_with(',');
  if (list.follows_comma) at = 1;
  while (at < text.size()) {
    const std::size_t end = end_of_argument(text, at);
    const std::string_view argument = trimmed(text.substr(at, end - at));
    if (!argument.empty() && list.count < ArgumentList::most)
      list.arguments[list.count++] = argument_of(argument);
    at = end + 1;
    if (end < text.size() && text[end] == ')') {
      list.closed = true;
      list.rest = text.substr(at);
      break;
    }
  }
  return list;
}

bool all_plain(const ArgumentList& list) {
  for (std::size_t i = 0; i < list.count; ++i) {
    const Argument& argument = list.arguments[i];
    const bool plain =
        argument.name.empty() && (argument.text == "0" || argument.text.starts_with("0x")) &&
        whole_number<std::uint64_t>(argument.text.substr(argument.text.size() > 1 ? 2 : 0), 16);
    if (!plain) return false;
  }
  return true;
}

Value value_of(std::string_view text, const ValueRules& rules) {
  if (text.empty()) return {};
  if (text == "NULL") return {0, ~std::uint64_t{0}, 0, false, Gap::None};
  const char first = text.front();
  if (first == '"' || first == '{' || first == '[' || first == '~') return content;
  if (rules.exact) {
    const auto part = number_part(text);
    if (part) return {part->bits, ~std::uint64_t{0}, 0, part->bits != 0, Gap::None};
  }
  Part all{0, ~std::uint64_t{0}, false};
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = end_of_part(rest);
    const auto part = part_of(rest.substr(0, end), rules);
    if (!part) return symbolic;
    all.bits |= part->bits;
    all.known &= part->known;
    all.negative = all.negative || part->negative;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  // Flags above 32 bits show that all 64 were printed.
  if (!all.negative && (all.bits & high_half) != 0) all.known = ~std::uint64_t{0};
  return value_of(all);
}

}  // namespace assay::trace
