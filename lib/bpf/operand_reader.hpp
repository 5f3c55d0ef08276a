// Reading the operand after a mnemonic: #5, [x + 4], M[3], 4*([14]&0xf), a name, ...
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bpf/notation.hpp"
#include "bpf/scanner.hpp"

namespace assay::bpf {

inline constexpr std::size_t longest_name = 255;

// A mnemonic of the table, as an alias narrows or turns it.
struct Verb {
  std::string_view mnemonic;
  std::optional<Form> only;
  bool negated = false;

  bool takes(Form form) const {
    return find_row(mnemonic, form) != nullptr && (!only || *only == form);
  }
};

struct OperandText {
  Form form = Form::None;
  std::uint32_t k = 0;
  std::string_view symbol;  // in the place of k
};

class OperandReader {
 public:
  OperandReader(Scanner& scan, const Verb& verb) : scan_(scan), verb_(verb) {}

  // A form that the verb takes, or RET's x. Targets of jumps are left alone.
  bool read();
  const OperandText& operand() const { return operand_; }

 private:
  bool any_form();
  bool constant();
  bool packet_load();
  bool percent_register();
  bool named();
  bool special_name(std::string_view word);
  bool header_length();
  bool plain_number(std::string_view expected);
  bool signed_number();
  bool symbol();
  std::string forms_taken() const;

  Scanner& scan_;
  const Verb& verb_;
  OperandText operand_;
};

}  // namespace assay::bpf
