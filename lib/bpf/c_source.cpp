// C initialisers of struct sock_filter: { 0x20, 0, 0, 0x00000004 }, as tcpdump -dd and
// bpf_asm -c print them; BPF_STMT() and BPF_JUMP(); alone or inside a declaration.
#include <array>
#include <cstdio>

#include "bpf/formats.hpp"
#include "bpf/scanner.hpp"

namespace assay::bpf {
namespace {

// <linux/bpf_common.h> and <linux/filter.h>: the parts that a code is or-ed together from.
struct CodePart {
  std::string_view name;
  std::uint16_t value;
};

constexpr auto code_parts = std::to_array<CodePart>({
    {"BPF_LD", 0x00},  {"BPF_LDX", 0x01}, {"BPF_ST", 0x02},   {"BPF_STX", 0x03}, {"BPF_ALU", 0x04},
    {"BPF_JMP", 0x05}, {"BPF_RET", 0x06}, {"BPF_MISC", 0x07}, {"BPF_W", 0x00},   {"BPF_H", 0x08},
    {"BPF_B", 0x10},   {"BPF_IMM", 0x00}, {"BPF_ABS", 0x20},  {"BPF_IND", 0x40}, {"BPF_MEM", 0x60},
    {"BPF_LEN", 0x80}, {"BPF_MSH", 0xa0}, {"BPF_ADD", 0x00},  {"BPF_SUB", 0x10}, {"BPF_MUL", 0x20},
    {"BPF_DIV", 0x30}, {"BPF_OR", 0x40},  {"BPF_AND", 0x50},  {"BPF_LSH", 0x60}, {"BPF_RSH", 0x70},
    {"BPF_NEG", 0x80}, {"BPF_MOD", 0x90}, {"BPF_XOR", 0xa0},  {"BPF_JA", 0x00},  {"BPF_JEQ", 0x10},
    {"BPF_JGT", 0x20}, {"BPF_JGE", 0x30}, {"BPF_JSET", 0x40}, {"BPF_K", 0x00},   {"BPF_X", 0x08},
    {"BPF_A", 0x10},   {"BPF_TAX", 0x00}, {"BPF_TXA", 0x80},
});

struct Field {
  std::string_view name;
  std::uint64_t limit;
};
constexpr std::array<Field, 4> fields{
    {{"code", 0xffff}, {"jt", 0xff}, {"jf", 0xff}, {"k", 0xffffffff}}};

class CReader {
 public:
  CReader(std::string_view text, std::size_t limit) : scan_(text, Comments::C), limit_(limit) {}

  Decoded read(Lines* lines) {
    if (!scan_.check_encoding() || !read_all()) return tl::unexpected(scan_.error());
    if (lines != nullptr) *lines = scan_.lines_of(starts_);
    return std::move(instructions_);
  }

 private:
  bool read_all() {
    if (!scan_.skip()) return false;
    if (scan_.at_end())
      return scan_.fail(DecodeErrorKind::Empty, scan_.position(), "nothing", an_instruction);
    bool wrapped = false;
    if (!declaration(wrapped) || !entries(wrapped)) return false;
    if (instructions_.empty())
      return scan_.fail(DecodeErrorKind::Empty, scan_.position(), "no instruction", an_instruction);
    return true;
  }

  // "static const struct sock_filter name[] = {" or "{" around the entries, or nothing.
  bool declaration(bool& wrapped) {
    if (is_word_start(scan_.peek()) && !at_macro()) {
      while (is_word(scan_.peek()) || scan_.peek() == '[' || scan_.peek() == ']') {
        if (scan_.word().empty()) scan_.seek(scan_.position() + 1);
        if (!scan_.skip()) return false;
      }
      if (!scan_.expect('=', "'='") || !scan_.skip()) return false;
      wrapped = true;
      return scan_.expect('{', "'{'");
    }
    const std::size_t start = scan_.position();
    if (!scan_.take('{') || !scan_.skip()) return !scan_.failed();
    wrapped = scan_.peek() == '{' || at_macro();
    if (!wrapped) scan_.seek(start);
    return true;
  }

  bool entries(bool wrapped) {
    while (scan_.skip() && !scan_.at_end() && scan_.peek() != '}') {
      if (instructions_.size() == limit_)
        return scan_.fail(DecodeErrorKind::TooMany, scan_.position(), "one more instruction",
                          at_most(limit_));
      if (!entry() || !scan_.skip()) return false;
      // The last comma is optional in C.
      if (!scan_.take(',') && !scan_.at_end() && scan_.peek() != '}')
        return scan_.unexpected("',' after an instruction");
    }
    if (scan_.failed()) return false;
    if (wrapped && (!scan_.expect('}', "'}' or an instruction") || !scan_.skip())) return false;
    if (wrapped) scan_.take(';');
    return scan_.skip() && (scan_.at_end() || scan_.unexpected("the end of the input"));
  }

  bool entry() {
    const std::size_t start = scan_.position();
    starts_.push_back(start);
    if (scan_.peek() == '{') return braces();
    const std::string_view macro = scan_.word();
    if (macro == "BPF_STMT") return call({0, 3});
    if (macro == "BPF_JUMP") return call({0, 3, 1, 2});
    scan_.seek(start);
    return scan_.unexpected("'{', BPF_STMT or BPF_JUMP");
  }

  // { code, jt, jf, k }, each perhaps as ".k = 4"; fields left out are 0.
  bool braces() {
    scan_.take('{');
    Values values{};
    std::size_t next = 0;
    do {
      if (!scan_.skip()) return false;
      if (scan_.peek() == '}') break;
      if (scan_.peek() == '.' && !designator(next)) return false;
      if (next >= fields.size()) return scan_.unexpected("'}' after four fields");
      if (!value(next, values)) return false;
      ++next;
    } while (scan_.skip() && scan_.take(','));
    if (next == 0) return scan_.unexpected("a code");
    return scan_.expect('}', next < fields.size() ? "',' or '}'" : "'}' after four fields") &&
           add(values);
  }

  bool designator(std::size_t& next) {
    scan_.take('.');
    const std::size_t start = scan_.position();
    const std::string_view found = scan_.word();
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (fields[i].name == found) {
        next = i;
        return scan_.expect('=', "'='") && scan_.skip();
      }
    scan_.seek(start);
    return scan_.unexpected("code, jt, jf or k");
  }

  bool call(std::initializer_list<std::size_t> order) {
    Values values{};
    char before = '(';
    for (const std::size_t field : order) {
      if (!scan_.expect(before, before == '(' ? "'('" : "','") || !scan_.skip() ||
          !value(field, values))
        return false;
      before = ',';
    }
    return scan_.expect(')', "')'") && add(values);
  }

  using Values = std::array<std::uint64_t, fields.size()>;

  // terms joined by | or +
  bool value(std::size_t field, Values& values) {
    const std::size_t start = scan_.position();
    std::uint64_t total = 0;
    for (char joint = '|'; joint != '\0';) {
      std::uint64_t part = 0;
      if (!scan_.skip() || !term(field, part)) return false;
      total = joint == '|' ? total | part : total + part;
      if (total > fields[field].limit)
        return scan_.fail(
            DecodeErrorKind::Range, start, quote(scan_.slice(start, scan_.position())),
            std::string(fields[field].name) + " up to " + std::to_string(fields[field].limit));
      if (!scan_.skip()) return false;
      joint = scan_.take('|') ? '|' : scan_.take('+') ? '+' : '\0';
    }
    values[field] = total;
    return true;
  }

  bool term(std::size_t field, std::uint64_t& part) {
    if (!is_word_start(scan_.peek()))
      return scan_.number(fields[field].limit, fields[field].name, part);
    const std::size_t start = scan_.position();
    const std::string_view found = scan_.word();
    for (const CodePart& row : code_parts)
      if (row.name == found) {
        part = row.value;
        return true;
      }
    return scan_.fail(DecodeErrorKind::UnknownSymbol, start, quote(found),
                      "a number or a name such as BPF_LD");
  }

  bool add(const Values& values) {
    instructions_.push_back(
        {static_cast<std::uint16_t>(values[0]), static_cast<std::uint8_t>(values[1]),
         static_cast<std::uint8_t>(values[2]), static_cast<std::uint32_t>(values[3])});
    return true;
  }

  bool at_macro() {
    const std::size_t start = scan_.position();
    const std::string_view found = scan_.word();
    scan_.seek(start);
    return found == "BPF_STMT" || found == "BPF_JUMP";
  }

  Scanner scan_;
  std::size_t limit_;
  std::vector<Instruction> instructions_;
  std::vector<std::size_t> starts_;  // of each of them in the text
};

}  // namespace

Decoded decode_c(std::string_view text, std::size_t limit, Lines* lines) {
  return CReader(text, limit).read(lines);
}

std::string encode_c(std::span<const Instruction> instructions) {
  std::string text;
  for (const Instruction& insn : instructions) {
    std::array<char, 64> line;  // NOLINT: snprintf fills it
    std::snprintf(line.data(), line.size(), "{ 0x%02x, %u, %u, 0x%08x },\n", unsigned{insn.code},
                  unsigned{insn.jt}, unsigned{insn.jf}, insn.k);
    text += line.data();
  }
  return text;
}

bool looks_like_c(std::string_view text) {
  Scanner scan(text, Comments::C);
  if (!scan.skip()) return false;
  if (scan.take('{')) {
    if (!scan.skip()) return false;
    const char next = scan.peek();
    return is_digit(next) || next == '{' || next == '.' || next == 'B';
  }
  const std::string_view first = scan.word();
  return first == "BPF_STMT" || first == "BPF_JUMP" || first == "struct" || first == "static" ||
         first == "const";
}

}  // namespace assay::bpf
