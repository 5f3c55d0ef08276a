#include "profile/chains.hpp"

#include <algorithm>
#include <map>

#include "assay/bpf/assemble.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/profile/conventions.hpp"

namespace assay::profile {
namespace {

using seccomp::Arch;

constexpr std::uint32_t last_argument = 5;
constexpr std::uint64_t low_word = 0xffffffff;
// What both compilers refuse, as the kernel would.
constexpr std::size_t most_instructions = 4096;

using Chain = std::vector<const Rule*>;

// Assembly text, with a label for each place that a comparison may go to.
class Writer {
 public:
  std::string label() { return "L" + std::to_string(labels_++); }
  void place(const std::string& label) { text_ += label + ":\n"; }
  void line(std::string_view mnemonic, std::uint64_t value, const std::string& target = {}) {
    text_ += std::string(mnemonic) + " #" + std::to_string(value);
    if (!target.empty()) text_ += ", " + target;
    text_ += "\n";
  }
  void load(std::size_t offset) { text_ += "ld [" + std::to_string(offset) + "]\n"; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::size_t labels_ = 0;
};

// One condition: falls through where it holds.
class Test {
 public:
  Test(Writer& writer, const ArgumentCondition& condition, bool wide, const std::string& fails)
      : writer_(writer),
        condition_(condition),
        wide_(wide && condition.width == Width::Whole),
        fails_(fails) {}

  void write() {
    switch (condition_.op) {
      case Operator::Equal: return equal(~std::uint64_t{0}, condition_.value);
      case Operator::NotEqual: return different(~std::uint64_t{0}, condition_.value);
      case Operator::MaskedEqual: return equal(condition_.value, condition_.value_two);
      case Operator::MaskedNotEqual: return different(condition_.value, condition_.value_two);
      case Operator::Greater: return ordered("jgt", "jle");
      case Operator::GreaterEqual: return ordered("jgt", "jlt");
      case Operator::Less: return ordered("jlt", "jge");
      case Operator::LessEqual: return ordered("jlt", "jgt");
    }
  }

 private:
  void load_high(std::uint64_t mask) { load(20, mask >> 32); }
  void load_low(std::uint64_t mask) { load(16, mask & low_word); }
  void load(std::size_t offset, std::uint64_t mask) {
    writer_.load(offset + 8 * std::size_t{condition_.index});
    if (mask != low_word) writer_.line("and", mask);
  }

  void equal(std::uint64_t mask, std::uint64_t value) {
    value &= mask;
    if (wide_) {
      load_high(mask);
      writer_.line("jne", value >> 32, fails_);
    }
    load_low(mask);
    writer_.line("jne", value & low_word, fails_);
  }

  void different(std::uint64_t mask, std::uint64_t value) {
    value &= mask;
    const std::string holds = writer_.label();
    if (wide_) {
      load_high(mask);
      writer_.line("jne", value >> 32, holds);
    }
    load_low(mask);
    writer_.line("jeq", value & low_word, fails_);
    writer_.place(holds);
  }

  // By the upper half unless that is equal.
  void ordered(std::string_view above, std::string_view below) {
    const std::string holds = writer_.label();
    if (wide_) {
      load_high(~std::uint64_t{0});
      writer_.line(above, condition_.value >> 32, holds);
      writer_.line("jne", condition_.value >> 32, fails_);
    }
    load_low(~std::uint64_t{0});
    writer_.line(below, condition_.value & low_word, fails_);
    writer_.place(holds);
  }

  Writer& writer_;
  const ArgumentCondition& condition_;
  bool wide_;
  const std::string& fails_;
};

tl::unexpected<Uncompiled> refused(Place place, std::string why) {
  return tl::unexpected(
      Uncompiled{{{FindingKind::Refused, Severity::Error, place, std::move(why)}}, 0});
}

class Chains {
 public:
  Chains(const RuleSet& rules, const Environment& environment)
      : rules_(rules),
        conventions_(conventions_of(environment.runtime)),
        arch_(rules.arches.empty() ? environment.host : rules.arches.front()),
        wide_((describe(arch_).audit & 0x80000000) != 0) {}

  Compiled compile() {
    for (const Rule& rule : rules_.rules)
      for (const Call& call : rule.calls)
        if (const auto wrong = add(rule, call)) return refused(wrong->place, wrong->message);
    write();
    auto instructions = bpf::assemble(writer_.text(), bpf::default_limit);
    if (!instructions || instructions->size() > most_instructions)
      return refused(rules_.place, "more than 4096 instructions");
    return std::move(*instructions);
  }

 private:
  std::optional<Finding> add(const Rule& rule, const Call& call) {
    const auto wrong = [](Place place, std::string message) {
      return Finding{FindingKind::Refused, Severity::Error, place, std::move(message)};
    };
    if (rule.verdict == rules_.otherwise && conventions_.default_rule == Answer::Refuse)
      return wrong(rule.place, "the verdict of a rule is the default");
    const bool elsewhere = !rule.arches.empty() && std::find(rule.arches.begin(), rule.arches.end(),
                                                             arch_) == rule.arches.end();
    if (elsewhere) return std::nullopt;
    const auto number = names::syscall_number(arch_, call.name);
    if (!number) return wrong(call.place, "no call " + call.name);
    for (const ArgumentCondition& condition : rule.conditions)
      if (condition.index > last_argument)
        return wrong(condition.place, "no argument " + std::to_string(condition.index));
    chains_[*number].push_back(&rule);
    return std::nullopt;
  }

  void write() {
    writer_.load(4);
    const std::string known = writer_.label();
    writer_.line("jeq", describe(arch_).audit, known);
    writer_.line("ret", rules_.bad_arch.value_or(seccomp::Verdict{conventions_.bad_arch}).value);
    writer_.place(known);
    writer_.load(0);
    for (auto& [number, chain] : chains_) {
      const std::string next = writer_.label();
      writer_.line("jne", number, next);
      write(chain);
      writer_.place(next);
    }
    writer_.line("ret", rules_.otherwise.value);
  }

  // Ends in a return on every path.
  void write(Chain& chain) {
    const bool conditional = std::any_of(
        chain.begin(), chain.end(), [](const Rule* rule) { return !rule->conditions.empty(); });
    if (conditional && conventions_.unconditional == Unconditional::Lost)
      std::erase_if(chain, [](const Rule* rule) { return rule->conditions.empty(); });
    for (const Rule* const rule : chain) {
      const std::string fails = writer_.label();
      for (const ArgumentCondition& condition : rule->conditions)
        Test(writer_, condition, wide_, fails).write();
      writer_.line("ret", rule->verdict.value);
      if (rule->conditions.empty()) return;
      writer_.place(fails);
    }
    writer_.line("ret", rules_.otherwise.value);
  }

  const RuleSet& rules_;
  const Conventions& conventions_;
  Arch arch_;
  bool wide_;
  std::map<std::uint32_t, Chain> chains_;
  Writer writer_;
};

}  // namespace

Compiled compile_chains(const RuleSet& rules, const Environment& environment) {
  return Chains(rules, environment).compile();
}

}  // namespace assay::profile
