#include "assay/kernel/finding.hpp"

#include <array>
#include <charconv>

#include "assay/engine/filter_stack.hpp"
#include "assay/verify/accept.hpp"
#include "kernel/answers.hpp"

namespace assay::kernel {

using bpf::Instruction;
using Filter = std::vector<Instruction>;

namespace {

constexpr auto kind_names = std::to_array<std::string_view>({"acceptance", "value", "verdict"});
constexpr unsigned most_questions = 800;
constexpr std::size_t most_text = 1 << 20;

std::string padded(std::uint32_t value, int digits) {
  constexpr std::string_view all = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) text += all[value >> shift & 15];
  return text;
}

}  // namespace

std::string hex_text(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), value, 16).ptr;
  return "0x" + std::string(digits.begin(), end);
}

std::string acceptance_text(int error) {
  return error == 0 ? "accepted" : "errno " + std::to_string(error);
}

std::string value_text(std::uint32_t value) { return padded(value, 8); }

std::string_view name(FindingKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::string to_text(const Finding& finding) {
  std::string text(name(finding.kind));
  text += "\nseed " + std::to_string(finding.seed) + ", item " + std::to_string(finding.item) +
          "\nrecord " + hex_text(finding.record.nr) + " " + hex_text(finding.record.arch) + " " +
          hex_text(finding.record.instruction_pointer);
  for (const std::uint64_t arg : finding.record.args) text += " " + hex_text(arg);
  text += "\nours " + finding.ours + "\nkernel " + finding.theirs + "\n";
  for (const Filter& filter : finding.stack) {
    text += "filter\n";
    for (const Instruction& insn : filter)
      text += hex_text(insn.code) + " " + std::to_string(insn.jt) + " " + std::to_string(insn.jf) +
              " " + hex_text(insn.k) + "\n";
  }
  return text;
}

namespace {

// Lines of a text, and the numbers of one; what is wrong is wrong with the line.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  std::size_t number() const { return number_; }
  bool next() {
    if (text_.empty()) return false;
    const std::size_t end = std::min(text_.find('\n'), text_.size());
    line_ = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    ++number_;
    return true;
  }
  std::string_view line() const { return line_; }
  bool skip(std::string_view word) {
    if (!line_.starts_with(word)) return false;
    line_.remove_prefix(word.size());
    return true;
  }
  // The next number up to `largest`, behind any blanks.
  template <class Number>
  bool number(Number& to, std::uint64_t largest = ~std::uint64_t{0}) {
    while (line_.starts_with(' ')) line_.remove_prefix(1);
    const bool hex = line_.starts_with("0x");
    if (hex) line_.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [rest, error] =
        std::from_chars(line_.data(), line_.data() + line_.size(), value, hex ? 16 : 10);
    if (error != std::errc() || value > largest) return false;
    line_.remove_prefix(static_cast<std::size_t>(rest - line_.data()));
    to = static_cast<Number>(value);
    return true;
  }
  bool at_end() const { return line_.empty(); }

 private:
  std::string_view text_;
  std::string_view line_;
  std::size_t number_ = 0;
};

bool read_header(Lines& lines, Finding& finding) {
  if (!lines.next()) return false;
  std::size_t kind = 0;
  while (kind < kind_names.size() && kind_names[kind] != lines.line()) ++kind;
  if (kind == kind_names.size()) return false;
  finding.kind = static_cast<FindingKind>(kind);
  if (!lines.next() || !lines.skip("seed") || !lines.number(finding.seed) ||
      !lines.skip(", item") || !lines.number(finding.item) || !lines.at_end())
    return false;
  if (!lines.next() || !lines.skip("record") || !lines.number(finding.record.nr, 0xffffffff) ||
      !lines.number(finding.record.arch, 0xffffffff) ||
      !lines.number(finding.record.instruction_pointer))
    return false;
  for (std::uint64_t& arg : finding.record.args)
    if (!lines.number(arg)) return false;
  if (!lines.at_end()) return false;
  if (!lines.next() || !lines.skip("ours ")) return false;
  finding.ours = lines.line();
  if (!lines.next() || !lines.skip("kernel ")) return false;
  finding.theirs = lines.line();
  return true;
}

}  // namespace

tl::expected<Finding, std::size_t> parse_finding(std::string_view text) {
  Lines lines(text.substr(0, most_text));
  Finding finding;
  if (!read_header(lines, finding)) return tl::unexpected(std::max<std::size_t>(1, lines.number()));
  while (lines.next()) {
    if (lines.line() == "filter") {
      finding.stack.emplace_back();
      continue;
    }
    Instruction insn{};
    if (finding.stack.empty() || !lines.number(insn.code, 0xffff) || !lines.number(insn.jt, 0xff) ||
        !lines.number(insn.jf, 0xff) || !lines.number(insn.k, 0xffffffff) || !lines.at_end())
      return tl::unexpected(lines.number());
    finding.stack.back().push_back(insn);
  }
  const bool complete =
      finding.kind == FindingKind::Seen ? !finding.stack.empty() : finding.stack.size() == 1;
  if (!complete) return tl::unexpected(std::max<std::size_t>(1, lines.number()));
  return finding;
}

namespace {

using Replayed = tl::expected<std::optional<Finding>, Failure>;

Replayed differs(Finding finding, std::string ours, std::string theirs) {
  finding.ours = std::move(ours);
  finding.theirs = std::move(theirs);
  return finding;
}

// Acceptance of each program; nothing: all are accepted by both.
Replayed replay_acceptance(const Finding& finding, Judge& judge, bool& all_accepted) {
  all_accepted = true;
  for (const Filter& filter : finding.stack) {
    const Instructions program(filter);
    const auto errors = judge.accept(std::span(&program, 1));
    if (!errors) return tl::unexpected(errors.error());
    const auto accepted = verify::accept(filter);
    const int ours = accepted ? 0 : accepted.error().error;
    if (ours != errors->front()) {
      Finding other = finding;
      other.kind = FindingKind::Accepted;
      other.stack = {filter};
      return differs(std::move(other), acceptance_text(ours), acceptance_text(errors->front()));
    }
    all_accepted = all_accepted && ours == 0;
  }
  return std::nullopt;
}

}  // namespace

Replayed replay(const Finding& finding, Judge& judge) {
  bool all_accepted = false;
  auto acceptance = replay_acceptance(finding, judge, all_accepted);
  if (!acceptance || *acceptance || !all_accepted || finding.kind == FindingKind::Accepted)
    return acceptance;
  std::vector<verify::Program> stack;
  for (const Filter& filter : finding.stack) stack.push_back(*verify::accept(filter));
  const std::span<const seccomp::SeccompData> record(&finding.record, 1);
  if (finding.kind == FindingKind::Returned) {
    const auto values = judge.value(stack.front(), record);
    if (!values) return tl::unexpected(values.error());
    const std::uint32_t ours = engine::Interpreter(stack.front()).run(finding.record);
    if (!values->front() || *values->front() == ours) return std::nullopt;
    return differs(finding, value_text(ours), value_text(*values->front()));
  }
  const auto sights = judge.verdict(stack, record, Detail::Action);
  if (!sights) return tl::unexpected(sights.error());
  const seccomp::Verdict ours = engine::FilterStack(stack).run(finding.record);
  if (!sights->front() || explains(ours, *sights->front())) return std::nullopt;
  return differs(finding, value_text(ours.value), to_string(*sights->front()));
}

namespace {

// Tries changes and keeps those under which the finding stays one of its kind.
class Minimiser {
 public:
  Minimiser(Finding finding, Judge& judge) : finding_(std::move(finding)), judge_(judge) {}

  Finding run() {
    for (bool changed = true; changed;) {
      changed = drop_filters();
      changed = drop_runs() || changed;
      changed = zero_fields() || changed;
    }
    return finding_;
  }

 private:
  bool keep(const Finding& candidate) {
    if (questions_ == most_questions) return false;
    ++questions_;
    auto again = replay(candidate, judge_);
    if (!again || !*again || (*again)->kind != finding_.kind) return false;
    finding_ = std::move(**again);
    return true;
  }

  bool drop_filters() {
    bool changed = false;
    for (std::size_t i = finding_.stack.size(); i-- > 0 && finding_.stack.size() > 1;) {
      Finding candidate = finding_;
      candidate.stack.erase(candidate.stack.begin() + static_cast<std::ptrdiff_t>(i));
      changed = keep(candidate) || changed;
    }
    return changed;
  }

  // Runs of instructions, long ones first. Jumps over a run get shorter.
  bool drop_runs() {
    bool changed = false;
    for (std::size_t f = 0; f < finding_.stack.size(); ++f)
      for (std::size_t length = finding_.stack[f].size() / 2; length > 0; length /= 2)
        for (std::size_t first = 0; first + length <= finding_.stack[f].size();) {
          Finding candidate = finding_;
          candidate.stack[f] = without(finding_.stack[f], first, length);
          if (keep(candidate))
            changed = true;
          else
            first += length;
        }
    return changed;
  }

  static Filter without(const Filter& filter, std::size_t first, std::size_t length) {
    Filter rest;
    for (std::size_t pc = 0; pc < filter.size(); ++pc) {
      if (pc >= first && pc < first + length) continue;
      Instruction insn = filter[pc];
      const bpf::Opcode* opcode = bpf::find_opcode(insn.code);
      const auto shorter = [&](std::uint64_t offset) {
        const std::uint64_t target = pc + 1 + offset;
        if (pc >= first || target <= first) return offset;
        return target >= first + length ? offset - length : first - pc - 1;
      };
      if (opcode != nullptr && bpf::is_branch(opcode->operation)) {
        if (opcode->operation == bpf::Operation::Ja) {
          insn.k = static_cast<std::uint32_t>(shorter(insn.k));
        } else {
          insn.jt = static_cast<std::uint8_t>(shorter(insn.jt));
          insn.jf = static_cast<std::uint8_t>(shorter(insn.jf));
        }
      }
      rest.push_back(insn);
    }
    return rest;
  }

  bool zero_fields() {
    bool changed = false;
    for (std::size_t f = 0; f < finding_.stack.size(); ++f)
      for (std::size_t pc = 0; pc < finding_.stack[f].size(); ++pc)
        for (int field = 0; field < 3; ++field) {
          Finding candidate = finding_;
          Instruction& insn = candidate.stack[f][pc];
          const Instruction before = insn;
          if (field == 0) insn.k = 0;
          if (field == 1) insn.jt = 0;
          if (field == 2) insn.jf = 0;
          if (insn != before) changed = keep(candidate) || changed;
        }
    for (std::size_t i = 0; i < finding_.record.args.size(); ++i) {
      Finding candidate = finding_;
      candidate.record.args[i] = 0;
      if (finding_.record.args[i] != 0) changed = keep(candidate) || changed;
    }
    return changed;
  }

  Finding finding_;
  Judge& judge_;
  unsigned questions_ = 0;
};

}  // namespace

Finding minimised(const Finding& finding, Judge& judge) { return Minimiser(finding, judge).run(); }

}  // namespace assay::kernel
