#include "bpf/operand_reader.hpp"

namespace assay::bpf {

bool OperandReader::read() {
  if (verb_.takes(Form::None)) return true;
  if (verb_.takes(Form::Target)) {
    operand_.form = Form::Target;
    return true;
  }
  if (!scan_.skip()) return false;
  const std::size_t start = scan_.position();
  if (!any_form()) return false;
  const bool ret_of_x = verb_.mnemonic == "ret" && operand_.form == Form::X;
  if (verb_.takes(operand_.form) || ret_of_x) return true;
  return scan_.fail(DecodeErrorKind::Operand, start, quote(scan_.slice(start, scan_.position())),
                    forms_taken());
}

bool OperandReader::any_form() {
  const bool bare_constant = verb_.only == Form::Constant;  // "ldi 5"
  if (scan_.take('#')) return constant();
  if (scan_.take('[')) return packet_load();
  if (scan_.take('%')) return percent_register();
  if (is_word_start(scan_.peek())) return named();
  if (bare_constant) {
    operand_.form = Form::Constant;
    return signed_number();
  }
  if (is_digit(scan_.peek())) return header_length();
  return scan_.unexpected(forms_taken());
}

// After "#": a number, a symbol, or what bpf_asm spells with "#" too.
bool OperandReader::constant() {
  operand_.form = Form::Constant;
  if (!scan_.skip()) return false;
  if (!is_word_start(scan_.peek())) return signed_number();
  const std::size_t start = scan_.position();
  if (special_name(lower(scan_.word()))) return true;
  scan_.seek(start);
  return symbol();
}

// After "[": an offset, or x and an offset.
bool OperandReader::packet_load() {
  operand_.form = Form::Absolute;
  if (!scan_.skip()) return false;
  const std::size_t start = scan_.position();
  scan_.take('%');
  if (lower(scan_.word()) == "x") {
    operand_.form = Form::Indirect;
    if (!scan_.skip()) return false;
    if (scan_.peek() != '+' && scan_.peek() != '-') return scan_.unexpected("'+' after x");
    if (!signed_number()) return false;
  } else {
    scan_.seek(start);
    if (is_word_start(scan_.peek()) ? !symbol() : !signed_number()) return false;
  }
  return scan_.expect(']', "']'");
}

bool OperandReader::percent_register() {
  const std::size_t start = scan_.position();
  const std::string word = lower(scan_.word());
  operand_.form = word == "a" ? Form::A : Form::X;
  if (word == "a" || word == "x") return true;
  scan_.seek(start);
  return scan_.unexpected("x or a");
}

// x, a, M[3], len, or the name of ancillary data.
bool OperandReader::named() {
  const Scanner before = scan_;
  const std::string_view written = scan_.word();
  const std::string word = lower(written.substr(0, longest_name));
  if (word == "x" || word == "a") {
    operand_.form = word == "x" ? Form::X : Form::A;
    return true;
  }
  if (word == "m") {
    operand_.form = Form::Scratch;
    return scan_.expect('[', "'['") && scan_.skip() && plain_number("a cell") &&
           scan_.expect(']', "']'");
  }
  if (special_name(word)) return true;
  // On the next line it is no operand that is wrong but the next instruction.
  if (before.after_line_end()) {
    scan_ = before;
    return scan_.unexpected(forms_taken());
  }
  return scan_.fail(DecodeErrorKind::Operand, before.position(), quote(written), forms_taken());
}

bool OperandReader::special_name(std::string_view word) {
  if ((word == "len" || word == "pktlen") && verb_.takes(Form::Length)) {
    operand_.form = Form::Length;
    return true;
  }
  if (!verb_.takes(Form::Absolute)) return false;
  for (const Ancillary& row : ancillary_data)
    if (row.name == word) {
      operand_.form = Form::Absolute;
      operand_.k = ancillary_base + row.offset;
      return true;
    }
  return false;
}

// 4*([14]&0xf)
bool OperandReader::header_length() {
  const std::size_t start = scan_.position();
  std::uint64_t four = 0;
  std::uint64_t mask = 0;
  operand_.form = Form::HeaderLength;
  if (!verb_.takes(Form::HeaderLength)) return scan_.unexpected(forms_taken());
  if (!scan_.number(0xffffffff, "4", four) || !scan_.expect('*', "'*'") ||
      !scan_.expect('(', "'('") || !scan_.expect('[', "'['") || !scan_.skip() ||
      !plain_number("an offset") || !scan_.expect(']', "']'") || !scan_.expect('&', "'&'") ||
      !scan_.skip() || !scan_.number(0xffffffff, "0xf", mask) || !scan_.expect(')', "')'"))
    return false;
  if (four == 4 && mask == 0xf) return true;
  return scan_.fail(DecodeErrorKind::Operand, start, quote(scan_.slice(start, scan_.position())),
                    "4*([offset]&0xf)");
}

bool OperandReader::plain_number(std::string_view expected) {
  std::uint64_t value = 0;
  if (!scan_.number(0xffffffff, expected, value)) return false;
  operand_.k = static_cast<std::uint32_t>(value);
  return true;
}

// -1 is 0xffffffff, as in bpf_asm.
bool OperandReader::signed_number() {
  const bool minus = scan_.take('-');
  if (minus || scan_.take('+')) {
    if (!scan_.skip()) return false;
  }
  std::uint64_t value = 0;
  if (!scan_.number(minus ? 0x80000000 : 0xffffffff, "a number", value)) return false;
  operand_.k = static_cast<std::uint32_t>(minus ? 0 - value : value);
  return true;
}

// A name with what may belong to it: x86_64.openat, args[1].lo, ERRNO(EPERM).
bool OperandReader::symbol() {
  const std::size_t start = scan_.position();
  const auto take_group = [&](char open, char close) {
    if (!scan_.take(open)) return true;
    while (is_word(scan_.peek()) || is_blank(scan_.peek())) scan_.take(scan_.peek());
    return scan_.take(close) || scan_.unexpected(close == ']' ? "']'" : "')'");
  };
  do {
    if (scan_.word().empty()) return scan_.unexpected("a name");
    if (!take_group('[', ']') || !take_group('(', ')')) return false;
  } while (scan_.take('.'));
  operand_.symbol = scan_.slice(start, scan_.position());
  if (operand_.symbol.size() <= longest_name) return true;
  return scan_.fail(DecodeErrorKind::UnknownSymbol, start, quote(operand_.symbol), "a known name");
}

std::string OperandReader::forms_taken() const {
  std::string text;
  for (std::size_t i = 0; i < form_texts.size(); ++i)
    if (verb_.takes(static_cast<Form>(i)))
      text.append(text.empty() ? "" : " or ").append(form_texts[i]);
  return text;
}

}  // namespace assay::bpf
