// What the stack does with the calls of one ABI: V(arch, nr, args) for a fixed arch, cut down
// number by number. Numbers that are treated alike share one Treatment, so that questions about
// four hundred calls cost no more than those about the few kinds of treatment.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "assay/seccomp/arch.hpp"
#include "assay/symbolic/verdict_function.hpp"

namespace assay::audit {

// A verdict by what it means for the caller.
enum class Outcome : std::uint8_t { Open, Mediated, Closed, Fake };
Outcome outcome(seccomp::Verdict verdict, const seccomp::Semantics& semantics);

// What a call gets, as a function of its arguments and the instruction pointer. For a 32-bit ABI
// the high halves are 0, since nothing else occurs.
class Treatment {
 public:
  Treatment(symbolic::VerdictFunction function, symbolic::VerdictFunction raw,
            const seccomp::Semantics& semantics);

  const symbolic::VerdictFunction& function() const { return function_; }
  // The same with the high halves of a 32-bit ABI left free.
  const symbolic::VerdictFunction& raw() const { return raw_; }
  const symbolic::Condition& open() const { return open_; }
  const symbolic::Condition& mediated() const { return mediated_; }
  const symbolic::Condition& fake() const { return fake_; }
  symbolic::Condition closed() const { return !(open_ | mediated_ | fake_); }

  bool never_open() const { return open_.is_never(); }
  bool always_open() const { return open_.is_always(); }
  bool constant() const { return function_.constant().has_value(); }
  // Whether the word makes a difference, of a 32-bit ABI high halves included.
  bool looks_at(std::size_t word) const { return (words_ >> word & 1) != 0; }

 private:
  symbolic::VerdictFunction function_;
  symbolic::VerdictFunction raw_;
  symbolic::Condition open_;
  symbolic::Condition mediated_;
  symbolic::Condition fake_;
  std::uint32_t words_ = 0;  // a bit for each that raw_ depends on
};

class Abi {
 public:
  // `function` is that of the stack.
  Abi(const symbolic::VerdictFunction& function, seccomp::Arch arch,
      const seccomp::Semantics& semantics);

  seccomp::Arch arch() const { return arch_; }
  bool is_64_bit() const;
  std::string_view token() const { return describe(arch_).token; }

  const Treatment& of(std::uint32_t nr) const;
  // Nothing for a call that the ABI does not have.
  std::optional<std::uint32_t> number(std::string_view call) const;
  const Treatment* find(std::string_view call) const;

  // What numbers get that no call has: far above every table.
  const Treatment& far() const { return of(far_number()); }
  std::uint32_t far_number() const;
  bool deny_list() const;
  bool allow_list() const;
  // Whether some call gets through, so that programs of this ABI are meant to run.
  bool serves() const;

  // With arch fixed, nr free.
  const symbolic::VerdictFunction& function() const { return function_; }

  // An input of this ABI: nr and arch are put into the words of a witness.
  seccomp::Words input(std::uint32_t nr, seccomp::Words words) const;
  // The words of the two halves of an argument.
  std::size_t low(std::size_t argument) const;
  std::size_t high(std::size_t argument) const { return low(argument) ^ 1; }

 private:
  std::size_t group_of(std::uint32_t nr) const;

  seccomp::Arch arch_;
  seccomp::Semantics semantics_;
  symbolic::VerdictFunction function_;
  struct Start {
    std::uint32_t last;
    std::size_t group;
  };
  std::map<std::uint32_t, Start> starts_;  // by the first number of each range
  std::vector<symbolic::VerdictFunction> rests_;
  mutable std::map<std::size_t, std::unique_ptr<Treatment>> groups_;
  mutable std::map<std::uint32_t, std::unique_ptr<Treatment>> singles_;  // when there are too many
};

// The ABIs that a kernel of this machine can be called through, the native one first. x32 is
// one of x86_64's.
std::vector<seccomp::Arch> abis_of(seccomp::Arch machine);

}  // namespace assay::audit
