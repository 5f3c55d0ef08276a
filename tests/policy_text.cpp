#include "policy_text.hpp"

#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "assay/text/assembly.hpp"

namespace assay::test {
namespace {

[[noreturn]] void fail(std::string_view where, const std::string& what) {
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(where.size()), where.data(), what.c_str());
  std::exit(1);
}

// Assembly, with labels for the next rule and the next part.
class Writer {
 public:
  void line(const std::string& text) {
    std::istringstream words(text);
    std::string first;
    words >> first;
    if (first == "arch") {
      words >> arch_;
      return begin_part();
    }
    const auto colon = text.rfind(": ");
    const std::string head = text.substr(0, colon);
    const std::string verdict = text.substr(colon + 2);
    if (head == "other") {
      other_ = verdict;
    } else if (head == "default") {
      emit("ret #" + verdict);
    } else if (head == "x32") {
      emit("ld [nr]");
      emit("jge #X32_SYSCALL_BIT, +0, +1");
      emit("ret #" + verdict);
    } else {
      rule(head, verdict);
    }
  }

  std::string end() {
    if (parts_ > 0) emit(part_label() + ": ret #" + other_);
    return text_;
  }

 private:
  void emit(const std::string& instruction) { text_ += instruction + "\n"; }
  std::string part_label() const { return "part" + std::to_string(parts_); }
  std::string rule_label() const { return "rule" + std::to_string(rules_); }

  void begin_part() {
    const std::string label = parts_ > 0 ? part_label() + ": " : "";
    ++parts_;
    std::string macro = arch_ == "x86" ? "I386" : arch_;
    for (char& c : macro) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    emit(label + "ld [arch]");
    emit("jne #AUDIT_ARCH_" + macro + ", " + part_label());
  }

  void compare(const std::string& field, const std::string& how, const std::string& value) {
    const auto skip = ", " + rule_label();
    if (field.ends_with(".lo") || field.ends_with(".hi")) {
      emit("ld [" + field + "]");
      if (how == "==") emit("jne #" + value + skip);
      if (how == "!=") emit("jeq #" + value + skip);
      if (how == ">") emit("jgt #" + value + ", +0" + skip);
      if (how == "&") emit("jset #" + value + ", +0" + skip);
      return;
    }
    emit("ld [" + field + ".hi]");
    if (how == "==") {
      emit("jne #0" + skip);
      emit("ld [" + field + ".lo]");
      emit("jne #" + value + skip);
    } else {
      emit("jne #0, +2");
      emit("ld [" + field + ".lo]");
      emit("jeq #" + value + skip);
    }
  }

  void rule(const std::string& head, const std::string& verdict) {
    std::istringstream words(head);
    std::string call, field, how, value;
    words >> call;
    emit("ld [nr]");
    const bool number = call.find_first_not_of("0123456789") == std::string::npos;
    emit("jne #" + (number || call.find('.') != std::string::npos ? call : arch_ + "." + call) +
         ", " + rule_label());
    while (words >> field >> how >> value) compare(field, how, value);
    emit("ret #" + verdict);
    text_ += rule_label() + ": ";
    ++rules_;
  }

  std::string text_;
  std::string arch_ = "x86_64";
  std::string other_ = "KILL_PROCESS";
  int parts_ = 0;
  int rules_ = 0;
};

std::string assembly_of(const std::string& body) {
  if (body.starts_with("asm\n")) return body.substr(4);
  Writer writer;
  std::istringstream lines(body);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) writer.line(line);
  return writer.end();
}

}  // namespace

std::vector<verify::Program> filters_of(std::string_view body, std::string_view where) {
  std::vector<verify::Program> filters;
  std::string rest(body);
  while (true) {
    const auto cut = rest.find("---\n");
    const std::string text = assembly_of(rest.substr(0, cut));
    const auto instructions = text::assemble(text);
    if (!instructions) fail(where, to_string(instructions.error()) + " in\n" + text);
    const auto program = verify::accept(*instructions);
    if (!program) fail(where, "is not accepted:\n" + text);
    filters.push_back(*program);
    if (cut == std::string::npos) return filters;
    rest.erase(0, cut + 4);
  }
}

}  // namespace assay::test
