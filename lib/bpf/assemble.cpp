#include "assay/bpf/assemble.hpp"

#include <array>
#include <utility>
#include <vector>

#include "bpf/formats.hpp"
#include "bpf/labels.hpp"
#include "bpf/layout.hpp"
#include "bpf/notation.hpp"
#include "bpf/operand_reader.hpp"
#include "bpf/scanner.hpp"

namespace assay::bpf {
namespace {

constexpr auto mnemonics = [] {
  std::array<std::string_view, opcodes.size() + aliases.size()> names;
  std::size_t count = 0;
  for (const Opcode& row : opcodes) names[count++] = row.mnemonic;
  for (const Alias& alias : aliases) names[count++] = alias.name;
  return names;
}();

class Assembler {
 public:
  Assembler(std::string_view text, SymbolResolver& symbols, std::size_t limit, Lines* lines)
      : scan_(text, Comments::Assembly), symbols_(symbols), limit_(limit), lines_(lines) {}

  Decoded run() {
    if (!scan_.check_encoding() || !read_statements() || !bind_labels())
      return tl::unexpected(scan_.error());
    return place();
  }

 private:
  bool read_statements() {
    while (scan_.skip() && !scan_.at_end())
      if (!statement()) return false;
    if (scan_.failed()) return false;
    if (statements_.empty())
      return scan_.fail(DecodeErrorKind::Empty, scan_.position(), "nothing", an_instruction);
    return true;
  }

  bool statement() {
    const std::size_t start = scan_.position();
    if (scan_.take('.')) return directive(start);
    const std::string_view word = scan_.word();
    if (word.empty() || is_digit(word.front())) {
      scan_.seek(start);
      return scan_.unexpected("an instruction or a label");
    }
    const std::size_t end = scan_.position();
    if (!scan_.skip()) return false;
    if (scan_.take(':')) return define_label(word, start);
    scan_.seek(end);
    return instruction(word, start);
  }

  bool define_label(std::string_view label, std::size_t start) {
    if (labels_.size() > limit_)
      return scan_.fail(DecodeErrorKind::TooMany, start, "one more label",
                        "at most " + std::to_string(limit_) + " labels");
    labels_.define(label, statements_.size(), start);
    return true;
  }

  bool directive(std::size_t start) {
    const std::string_view name = scan_.word();
    if (name == "insn") return any_instruction(start);
    if (!scan_.skip()) return false;
    const std::string_view value = scan_.word();
    if (symbols_.directive(name, value)) return true;
    return scan_.fail(DecodeErrorKind::UnknownDirective, start,
                      quote(scan_.slice(start, scan_.position())), "a directive such as .insn");
  }

  // .insn code, jt, jf, k
  bool any_instruction(std::size_t start) {
    std::uint64_t code = 0;
    std::uint64_t jt = 0;
    std::uint64_t jf = 0;
    std::uint64_t k = 0;
    if (!scan_.skip() || !scan_.number(0xffff, "a code", code) || !scan_.expect(',', "','") ||
        !scan_.skip() || !scan_.number(0xff, "jt", jt) || !scan_.expect(',', "','") ||
        !scan_.skip() || !scan_.number(0xff, "jf", jf) || !scan_.expect(',', "','") ||
        !scan_.skip() || !scan_.number(0xffffffff, "k", k))
      return false;
    const Instruction insn{static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(jt),
                           static_cast<std::uint8_t>(jf), static_cast<std::uint32_t>(k)};
    return add({insn, Statement::Kind::Plain, start, 0, 0});
  }

  bool instruction(std::string_view word, std::size_t start) {
    const std::string written = lower(word.substr(0, longest_name));
    const Alias* alias = find_alias(written);
    const Verb verb =
        alias ? Verb{alias->mnemonic, alias->only, alias->negated} : Verb{written, {}, false};
    if (!is_mnemonic(verb.mnemonic))
      return scan_.fail(DecodeErrorKind::UnknownMnemonic, start, quote(word), "a mnemonic",
                        symbols_.nearest(written, mnemonics));
    OperandReader reader(scan_, verb);
    return reader.read() && encode_statement(verb, reader.operand(), start);
  }

  bool encode_statement(const Verb& verb, const OperandText& operand, std::size_t start) {
    Statement statement;
    statement.offset = start;
    if (verb.mnemonic == "ret" && operand.form == Form::X) {
      statement.insn.code = ret_x;
      return add(statement);
    }
    const Opcode& row = *find_row(verb.mnemonic, operand.form);
    statement.insn = {row.code, 0, 0, operand.k};
    if (!operand.symbol.empty() && !resolve(row, operand, statement.insn.k)) return false;
    if (is_jump(row.operation) && !read_targets(verb, row, statement)) return false;
    return read_unused_fields(row, statement.insn) && add(statement);
  }

  bool add(const Statement& statement) {
    if (statements_.size() == limit_)
      return scan_.fail(DecodeErrorKind::TooMany, statement.offset, "one more instruction",
                        at_most(limit_));
    statements_.push_back(statement);
    return true;
  }

  bool resolve(const Opcode& row, const OperandText& operand, std::uint32_t& k) {
    const auto value = symbols_.resolve(row, operand.symbol);
    if (value) {
      k = *value;
      return true;
    }
    const std::size_t from = scan_.position_of(operand.symbol);
    return scan_.fail(DecodeErrorKind::UnknownSymbol, from, quote(operand.symbol),
                      "a number or a known name", symbols_.suggest(row, operand.symbol));
  }

  // ---- targets and unused fields

  bool read_targets(const Verb& verb, const Opcode& row, Statement& statement) {
    if (row.operation == Operation::Ja) {
      statement.kind = Statement::Kind::Jump;
      return scan_.skip() && target(0xffffffff, &Statement::if_true, statement);
    }
    statement.kind = Statement::Kind::Branch;
    statement.if_true = statement.if_false = statements_.size() + 1;
    const auto first = verb.negated ? &Statement::if_false : &Statement::if_true;
    const auto second = verb.negated ? &Statement::if_true : &Statement::if_false;
    if (!scan_.expect(',', "',' and a target") || !scan_.skip() || !target(0xff, first, statement))
      return false;
    const std::size_t end = scan_.position();
    if (!scan_.skip()) return false;
    if (scan_.take(',')) return scan_.skip() && target(0xff, second, statement);
    scan_.seek(end);
    return true;
  }

  bool target(std::uint64_t limit, std::uint64_t Statement::*side, Statement& statement) {
    if (scan_.take('+')) {
      std::uint64_t skipped = 0;
      if (!scan_.number(limit, "a number of instructions to skip", skipped)) return false;
      statement.*side = statements_.size() + 1 + skipped;
      return true;
    }
    if (!is_word_start(scan_.peek())) return scan_.unexpected("a label or +N");
    const std::size_t start = scan_.position();
    labels_.refer(scan_.word(), statements_.size(), side, start);
    return true;
  }

  // !jt=1 jf=2 k=0x3, of fields that the opcode ignores
  bool read_unused_fields(const Opcode& row, Instruction& insn) {
    std::size_t end = scan_.position();
    if (!scan_.skip()) return false;
    if (!scan_.take('!')) {
      scan_.seek(end);
      return true;
    }
    bool found = true;
    for (bool first = true; found; first = false) {
      if (!unused_field(row, insn, found)) return false;
      if (!found && first) return scan_.unexpected("jt=, jf= or k= of a field that is not used");
    }
    return true;
  }

  bool unused_field(const Opcode& row, Instruction& insn, bool& found) {
    const std::size_t before = scan_.position();
    if (!scan_.skip()) return false;
    const std::size_t start = scan_.position();
    const std::string_view field = scan_.word();
    found = (field == "jt" || field == "jf" || field == "k") && scan_.skip() && scan_.take('=');
    if (scan_.failed()) return false;
    if (!found) {
      scan_.seek(before);
      return true;
    }
    if (field == "k" ? uses_k(row) : uses_jumps(row))
      return scan_.fail(DecodeErrorKind::Operand, start, quote(field),
                        "a field that '" + std::string(row.mnemonic) + "' does not use");
    std::uint64_t value = 0;
    if (!scan_.skip() || !scan_.number(field == "k" ? 0xffffffff : 0xff, "a number", value))
      return false;
    if (field == "jt") insn.jt = static_cast<std::uint8_t>(value);
    if (field == "jf") insn.jf = static_cast<std::uint8_t>(value);
    if (field == "k") insn.k = static_cast<std::uint32_t>(value);
    return true;
  }

  // ---- the whole

  bool bind_labels() {
    const auto problem = labels_.bind(statements_);
    if (!problem) return true;
    std::string suggestion;
    if (problem->kind == DecodeErrorKind::UndefinedLabel)
      suggestion = symbols_.nearest(problem->label, labels_.some_names());
    return scan_.fail(problem->kind, problem->offset, quote(problem->label), problem->expected,
                      std::move(suggestion));
  }

  Decoded place() {
    auto placed = lay_out(statements_);
    if (!placed) {
      scan_.fail(DecodeErrorKind::Range, statements_[placed.error()].offset, "this jump",
                 "one that 32 bits can say after far branches have been rewritten");
    } else if (placed->instructions.size() > limit_) {
      scan_.fail(DecodeErrorKind::TooMany, scan_.position(),
                 std::to_string(placed->instructions.size()) +
                     " instructions after far branches "
                     "have been rewritten",
                 at_most(limit_));
    }
    if (scan_.failed()) return tl::unexpected(scan_.error());
    if (lines_ != nullptr) {
      std::vector<std::size_t> starts;
      for (const std::size_t statement : placed->statements)
        starts.push_back(statements_[statement].offset);
      *lines_ = scan_.lines_of(starts);
    }
    return std::move(placed->instructions);
  }

  Scanner scan_;
  SymbolResolver& symbols_;
  std::size_t limit_;
  Lines* lines_;
  std::vector<Statement> statements_;
  Labels labels_;
};

class NoSymbols : public SymbolResolver {
 public:
  std::optional<std::uint32_t> resolve(const Opcode&, std::string_view) override { return {}; }
};

}  // namespace

Decoded assemble(std::string_view text, SymbolResolver& symbols, std::size_t limit, Lines* lines) {
  return Assembler(text, symbols, limit, lines).run();
}

Decoded assemble(std::string_view text, std::size_t limit, Lines* lines) {
  NoSymbols none;
  return assemble(text, none, limit, lines);
}

}  // namespace assay::bpf
