// From expressions to sets of inputs.
#include <algorithm>
#include <cassert>
#include <optional>

#include "assay/names/syscalls.hpp"
#include "assay/text/condition.hpp"

namespace assay::text {
namespace {

using seccomp::Arch;
using symbolic::Comparison;
using symbolic::Condition;
using symbolic::Manager;
using symbolic::Term;
using Kind = Expression::Kind;

constexpr std::size_t nr_word = 0;
constexpr std::size_t arch_word = 1;

Condition equals(Manager& manager, std::size_t word, std::uint32_t value) {
  return compare(Term::word(manager, word), Comparison::Equal, value);
}

// The inputs of one of the arches; x32 is told from x86_64 by nr alone.
Condition of_arch(Manager& manager, Arch arch) {
  const seccomp::ArchInfo& info = seccomp::describe(arch);
  const Condition same = equals(manager, arch_word, info.audit);
  if (info.nr_bit == 0) return same;
  const Term bit = Term::word(manager, nr_word).masked(info.nr_bit);
  return same & compare(bit, Comparison::NotEqual, 0);
}

class Inputs {
 public:
  // `in_force`: the arches that the conditions around name; none: any.
  using Arches = std::optional<std::vector<Arch>>;

  Inputs(Manager& manager, std::endian order) : manager_(manager), order_(order) {}

  Condition of(const Expression& expression, const Arches& in_force) const {
    switch (expression.kind) {
      case Kind::Always: return Condition::always(manager_);
      case Kind::Never: return Condition::never(manager_);
      case Kind::Not: return !of(expression.parts.front(), in_force);
      case Kind::And: return conjunction(expression, in_force);
      case Kind::Or: {
        Condition result = Condition::never(manager_);
        for (const Expression& part : expression.parts) result = result | of(part, in_force);
        return result;
      }
      case Kind::Compare:
        return compare(term(expression.left), expression.how, term(expression.right));
      case Kind::Among: {
        const Term left = term(expression.left);
        Condition result = Condition::never(manager_);
        for (const std::uint64_t number : expression.numbers)
          result = result | compare(left, Comparison::Equal, number);
        return result;
      }
      case Kind::Within:
        return in_range(term(expression.left), expression.numbers.at(0), expression.numbers.at(1));
      case Kind::ArchIs: {
        Condition result = Condition::never(manager_);
        for (const Arch arch : expression.arches) result = result | of_arch(manager_, arch);
        return result;
      }
      case Kind::SyscallIs: return syscalls(expression.names, in_force);
    }
    return Condition::never(manager_);
  }

 private:
  Condition conjunction(const Expression& expression, Arches in_force) const {
    for (const Expression& part : expression.parts) {
      if (part.kind != Kind::ArchIs) continue;
      if (!in_force) {
        in_force = part.arches;
        continue;
      }
      std::erase_if(*in_force, [&](Arch arch) {
        return std::find(part.arches.begin(), part.arches.end(), arch) == part.arches.end();
      });
    }
    Condition result = Condition::always(manager_);
    for (const Expression& part : expression.parts) result = result & of(part, in_force);
    return result;
  }

  Condition syscalls(const std::vector<std::string>& names, const Arches& in_force) const {
    Condition result = Condition::never(manager_);
    for (const seccomp::ArchInfo& info : seccomp::arches) {
      if (in_force && std::find(in_force->begin(), in_force->end(), info.arch) == in_force->end())
        continue;
      Condition numbers = Condition::never(manager_);
      for (const std::string& name : names)
        if (const auto nr = names::syscall_number(info.arch, name))
          numbers = numbers | equals(manager_, nr_word, *nr);
      result = result | (numbers & equals(manager_, arch_word, info.audit));
    }
    return result;
  }

  Term term(Input input) const {
    if (input.field == Field::Nr) return Term::word(manager_, nr_word);
    if (input.field == Field::Arch) return Term::word(manager_, arch_word);
    const std::size_t first =
        2 + 2 * (static_cast<std::size_t>(input.field) - static_cast<std::size_t>(Field::Ip));
    const std::size_t low = order_ == std::endian::little ? first : first + 1;
    const std::size_t high = order_ == std::endian::little ? first + 1 : first;
    if (input.half == Half::Low) return Term::word(manager_, low);
    if (input.half == Half::High) return Term::word(manager_, high);
    return Term::joined(Term::word(manager_, low), Term::word(manager_, high));
  }

  Term term(const Operand& operand) const {
    if (operand.inputs.empty()) return Term::constant(manager_, operand.number.value_or(0), 64);
    Term result = term(operand.inputs.front());
    for (std::size_t i = 1; i < operand.inputs.size(); ++i)
      result = result & term(operand.inputs[i]);
    return operand.number ? result.masked(*operand.number) : result;
  }

  Manager& manager_;
  std::endian order_;
};

Condition big_endian_arch(Manager& manager) {
  Condition result = Condition::never(manager);
  for (const seccomp::ArchInfo& info : seccomp::arches)
    if (info.order == std::endian::big) result = result | equals(manager, arch_word, info.audit);
  return result;
}

}  // namespace

Condition inputs_of(Manager& manager, const Expression& expression, std::endian order) {
  return Inputs(manager, order).of(expression, std::nullopt);
}

Condition inputs_of(Manager& manager, const Expression& expression) {
  const Condition little = inputs_of(manager, expression, std::endian::little);
  const Condition big = inputs_of(manager, expression, std::endian::big);
  if (manager.equal(little, big)) return little;
  const Condition is_big = big_endian_arch(manager);
  return (is_big & big) | ((!is_big) & little);
}

}  // namespace assay::text
