#include "bpf/layout.hpp"

#include <algorithm>
#include <limits>

#include "assay/bpf/opcode.hpp"

namespace assay::bpf {
namespace {

constexpr std::uint64_t longest_branch = std::numeric_limits<std::uint8_t>::max();
constexpr std::uint64_t longest_jump = std::numeric_limits<std::uint32_t>::max();

class Layout {
 public:
  explicit Layout(std::span<const Statement> statements)
      : statements_(statements), from_end_(statements.size() + 1) {
    backwards_.reserve(statements.size());
    origins_.reserve(statements.size());
  }

  // False when a JA cannot reach its target.
  bool place(std::size_t index) {
    const Statement& statement = statements_[index];
    bool reached = true;
    switch (statement.kind) {
      case Statement::Kind::Plain: backwards_.push_back(statement.insn); break;
      case Statement::Kind::Jump:
        reached = put_jump(statement.insn, distance(statement.if_true));
        break;
      case Statement::Kind::Branch: reached = put_branch(statement); break;
    }
    from_end_[index] = backwards_.size();
    origins_.resize(backwards_.size(), index);
    return reached;
  }

  Placed finish() {
    std::reverse(backwards_.begin(), backwards_.end());
    std::reverse(origins_.begin(), origins_.end());
    return {std::move(backwards_), std::move(origins_)};
  }

 private:
  // From what has been placed so far to the target.
  std::uint64_t distance(std::uint64_t target) const {
    const std::size_t count = statements_.size();
    if (target >= count) return backwards_.size() + (target - count);
    return backwards_.size() - from_end_[target];
  }

  bool put_jump(Instruction insn, std::uint64_t distance) {
    insn.k = static_cast<std::uint32_t>(distance);
    backwards_.push_back(insn);
    return distance <= longest_jump;
  }

  bool put_branch(const Statement& statement) {
    constexpr Instruction ja{code_of(Operation::Ja, Operand::Immediate), 0, 0, 0};
    std::uint64_t jt = distance(statement.if_true);
    std::uint64_t jf = distance(statement.if_false);
    const bool far_true = jt > longest_branch || (jf > longest_branch && jt == longest_branch);
    const bool far_false = jf > longest_branch || (far_true && jf == longest_branch);
    // The JA for jf comes last, so it is placed first and makes jt one longer.
    if (far_false) {
      if (!put_jump(ja, jf)) return false;
      jf = 0;
      ++jt;
    }
    if (far_true) {
      if (!put_jump(ja, jt)) return false;
      jt = 0;
      ++jf;
    }
    Instruction insn = statement.insn;
    insn.jt = static_cast<std::uint8_t>(jt);
    insn.jf = static_cast<std::uint8_t>(jf);
    backwards_.push_back(insn);
    return true;
  }

  std::span<const Statement> statements_;
  std::vector<std::uint64_t> from_end_;  // instructions from this statement to the end
  std::vector<Instruction> backwards_;
  std::vector<std::size_t> origins_;  // the statement of each of them
};

}  // namespace

tl::expected<Placed, std::size_t> lay_out(std::span<const Statement> statements) {
  Layout layout(statements);
  for (std::size_t i = statements.size(); i-- > 0;)
    if (!layout.place(i)) return tl::unexpected(i);
  return layout.finish();
}

}  // namespace assay::bpf
