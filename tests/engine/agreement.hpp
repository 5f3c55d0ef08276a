// Holds every engine to one truth: which programs are filters, and what a filter returns
// for a record.
//
// An engine that joins needs a value here and a case in agreement.cpp; every campaign then
// asks it. "Does not apply here" is an answer of its own with a reason, counted and never
// taken for agreement. Differences are kept as text with program, record, the place in the
// campaign, and what each engine said. A Tester belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/kernel/oracle.hpp"
#include "assay/sample/program.hpp"
#include "assay/seccomp/seccomp_data.hpp"
#include "assay/verify/program.hpp"

namespace assay::agreement {

enum class Engine : std::uint8_t {
  Interpreter,      // the truth
  Independent,      // tests/independent: a second reading of the rules
  Kernel,           // the running one
  VerdictFunction,  // what was proven for all records, within a small budget
  Compiled,         // the fast engine, each of its ways to be asked
};
inline constexpr auto engines =
    std::to_array<Engine>({Engine::Interpreter, Engine::Independent, Engine::Kernel});
inline constexpr auto without_kernel = std::span(engines).first<2>();
inline constexpr auto in_user_space =
    std::to_array<Engine>({Engine::Interpreter, Engine::Independent, Engine::Compiled});
inline constexpr auto proven =
    std::to_array<Engine>({Engine::Interpreter, Engine::VerdictFunction, Engine::Compiled});
inline constexpr auto compiled = std::to_array<Engine>({Engine::Interpreter, Engine::Compiled});
std::string_view name(Engine engine);

struct NoAnswer {
  enum class Cause : std::uint8_t {
    NotApplicable,  // this engine cannot be asked this
    Failed,         // it could, and gave none: as bad as a wrong one
  };
  Cause cause{};
  std::string_view reason;
};

struct Value {
  std::uint32_t value = 0;
  std::optional<std::uint32_t> executed{};  // instructions, of an engine that counts them
};
using Answer = tl::expected<Value, NoAnswer>;
using Acceptance = tl::expected<int, NoAnswer>;  // 0 or errno

// Where a case comes from: enough to draw it again.
struct Origin {
  std::string_view campaign;
  std::uint64_t seed = 0;
  std::uint64_t index = 0;
};

struct Tally {
  std::uint64_t compared = 0;  // answers held against the truth
  std::map<std::string_view, std::uint64_t> not_applicable;
};

struct Report {
  std::uint64_t programs = 0;
  std::uint64_t accepted = 0;  // of the programs that were asked about acceptance
  std::uint64_t records = 0;
  std::map<Engine, Tally> tallies;
  std::uint64_t disagreements = 0;
  std::vector<std::string> shown;  // the first of them
};
std::ostream& operator<<(std::ostream& out, const Report& report);

class Tester {
 public:
  using Instructions = std::span<const bpf::Instruction>;
  using Accept = std::function<int(Instructions)>;
  using Run = std::function<Value(Instructions, const seccomp::Words&)>;

  // The first engine is the truth.
  explicit Tester(std::span<const Engine> asked = engines);

  bool asks(Engine engine) const;
  // What this machine lacks for an engine; none of its answers are then applicable.
  std::optional<std::string> lacks(Engine engine) const;

  // Answers of another in the place of an engine's: how it is shown that lies are caught.
  void replace(Engine engine, Accept accept) { accepts_[engine] = std::move(accept); }
  void replace(Engine engine, Run run) { runs_[engine] = std::move(run); }

  // Programs index, index + step, ... of a campaign: does Linux take them?
  using Maker = std::function<void(std::uint64_t index, sample::Instructions& to)>;
  void accept(Origin first, std::uint64_t end, std::uint64_t step, const Maker& make);

  // What does the program return for these records?
  void run(const Origin& origin, const verify::Program& program,
           std::span<const seccomp::SeccompData> records);

  const Report& report() const { return report_; }

 private:
  std::vector<Acceptance> acceptances(Engine engine, std::span<const Instructions> programs);
  std::vector<Acceptance> ask_kernel(std::span<const Instructions> programs);
  void compare(const Origin& origin, std::uint64_t step, std::span<const Instructions> programs);

  std::vector<Answer> answers(Engine engine, const verify::Program& program,
                              std::span<const seccomp::SeccompData> records);
  std::vector<Answer> ask_kernel(const verify::Program& program,
                                 std::span<const seccomp::SeccompData> records);
  void compare(const Origin& origin, const verify::Program& program,
               const seccomp::SeccompData& record, std::span<const Answer> said);

  bool agrees(Engine engine, const std::optional<NoAnswer>& none, bool equal);
  bool disagree();

  std::vector<Engine> asked_;
  std::optional<kernel::Oracle> oracle_;
  std::string kernel_lacks_;
  std::map<Engine, Accept> accepts_;
  std::map<Engine, Run> runs_;
  Report report_;
};

// The seed of all campaigns: ASSAY_SEED of the environment, or 1.
std::uint64_t seed();
// What a campaign's size is divided by in this build: 17 under a sanitizer (a prime, so that
// enumerations may step by it), else 1.
std::uint64_t slowdown();
// No difference, and says on stdout what was asked.
bool agreed(std::string_view campaign, const Report& report);

}  // namespace assay::agreement
