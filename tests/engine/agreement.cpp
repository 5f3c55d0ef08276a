#include "engine/agreement.hpp"

#include <algorithm>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "assay/bpf/disassemble.hpp"
#include "assay/compiled/compiled_filter.hpp"
#include "assay/engine/interpreter.hpp"
#include "assay/symbolic/verdict_function.hpp"
#include "assay/verify/accept.hpp"
#include "engine/agreement_independent.hpp"

namespace assay::agreement {

using bpf::Instruction;
using seccomp::SeccompData;

namespace {

constexpr std::size_t most_shown = 5;
constexpr std::size_t batch_programs = 1 << 14;
constexpr std::size_t batch_instructions = 1 << 19;

NoAnswer not_applicable(std::string_view reason) {
  return {NoAnswer::Cause::NotApplicable, reason};
}

NoAnswer why_not(const kernel::Failure& failure) {
  const bool unasked = failure.kind == kernel::FailureKind::TooLong;
  return {unasked ? NoAnswer::Cause::NotApplicable : NoAnswer::Cause::Failed,
          kernel::describe(failure.kind)};
}

void print(std::ostream& out, const NoAnswer& none) {
  out << (none.cause == NoAnswer::Cause::Failed ? "failed: " : "does not apply: ") << none.reason;
}

void print(std::ostream& out, const Acceptance& said) {
  if (!said) return print(out, said.error());
  if (*said == 0) {
    out << "accepts";
  } else {
    out << "refuses with errno " << *said;
  }
}

void print(std::ostream& out, const Answer& said) {
  if (!said) return print(out, said.error());
  out << "0x" << std::hex << std::setw(8) << std::setfill('0') << said->value << std::dec;
  if (said->executed) out << " after " << *said->executed << " instructions";
}

void print(std::ostream& out, const SeccompData& record) {
  out << std::hex << "record  nr 0x" << record.nr << "  arch 0x" << record.arch << "  ip 0x"
      << record.instruction_pointer << "  args";
  for (const std::uint64_t arg : record.args) out << " 0x" << arg;
  out << std::dec << "\n";
}

void print(std::ostream& out, std::span<const Instruction> program) {
  out << program.size() << " instructions\n" << bpf::disassemble(program);
}

template <class Said>
std::string describe(const Origin& origin, std::span<const Engine> asked,
                     std::span<const Said> said) {
  std::ostringstream out;
  out << origin.campaign << ", seed " << origin.seed << ", index " << origin.index << "\n";
  for (std::size_t i = 0; i < asked.size(); ++i) {
    out << "  " << std::setw(12) << std::left << std::setfill(' ') << name(asked[i]) << std::right;
    print(out, said[i]);
    out << "\n";
  }
  return out.str();
}

bool equal(const Acceptance& a, const Acceptance& b) { return a && b && *a == *b; }

bool equal(const Answer& a, const Answer& b) {
  if (!a || !b || a->value != b->value) return false;
  return !a->executed || !b->executed || *a->executed == *b->executed;
}

template <class Said>
std::optional<NoAnswer> none_of(const Said& said) {
  return said ? std::nullopt : std::optional(said.error());
}

Value interpret(const engine::Interpreter& interpreter, const SeccompData& record) {
  const engine::Outcome outcome = interpreter.count(engine::Interpreter::words_of(record));
  return {outcome.value, outcome.instructions};
}

Value run_independently(std::span<const independent::Insn> program, const SeccompData& record) {
  const bool big = seccomp::byte_order(record.arch) == std::endian::big;
  const auto words =
      independent::words(record.nr, record.arch, record.instruction_pointer, record.args, big);
  const independent::Outcome outcome = independent::run(program, words);
  return {outcome.value, outcome.executed};
}

struct Columns {
  std::vector<std::uint32_t> nr, arch;
  std::vector<std::uint64_t> ip;
  std::array<std::vector<std::uint64_t>, 6> args;

  compiled::Columns view() const {
    compiled::Columns result{nr, arch, ip, {}};
    for (std::size_t i = 0; i < args.size(); ++i) result.args[i] = args[i];
    return result;
  }
};

std::vector<Answer> ask_verdict_function(const verify::Program& program,
                                         std::span<const SeccompData> records) {
  constexpr symbolic::Budget small{std::size_t{1} << 18, std::chrono::milliseconds(2'000)};
  symbolic::Manager manager(symbolic::Order::for_programs(std::span(&program, 1)), small);
  const auto function =
      symbolic::VerdictFunction::of(manager, program, {}, symbolic::Precision::Exact);
  std::vector<Answer> result;
  for (const SeccompData& record : records) {
    if (function) {
      const auto words = engine::Interpreter::words_of(record);
      result.emplace_back(Value{function->at(words).value, std::nullopt});
    } else {
      result.emplace_back(tl::unexpected(not_applicable("not decided in its budget")));
    }
  }
  return result;
}

Columns columns_of(std::span<const SeccompData> records) {
  Columns columns;
  for (const SeccompData& record : records) {
    columns.nr.push_back(record.nr);
    columns.arch.push_back(record.arch);
    columns.ip.push_back(record.instruction_pointer);
    for (std::size_t i = 0; i < columns.args.size(); ++i) columns.args[i].push_back(record.args[i]);
  }
  return columns;
}

// One by one and in batches, by words, by records and by column.
std::vector<Answer> ask_compiled(const verify::Program& program,
                                 std::span<const SeccompData> records) {
  constexpr symbolic::Budget small{std::size_t{1} << 16, std::chrono::milliseconds(500)};
  const compiled::CompiledFilter filter(program, {}, small);
  std::vector<seccomp::Words> words;
  for (const SeccompData& record : records) words.push_back(engine::Interpreter::words_of(record));
  std::vector<std::uint32_t> by_words(records.size());
  std::vector<std::uint32_t> by_record(records.size());
  std::vector<std::uint32_t> by_column(records.size());
  const Columns columns = columns_of(records);
  filter.run(words, by_words);
  filter.run(records, by_record);
  filter.run(columns.view(), by_column);
  std::vector<Answer> result;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::uint32_t value = filter.run(words[i]);
    const bool same = value == by_words[i] && value == by_record[i] && value == by_column[i] &&
                      value == filter.run(records[i]);
    if (same) {
      result.emplace_back(Value{value, std::nullopt});
    } else {
      result.emplace_back(
          tl::unexpected(NoAnswer{NoAnswer::Cause::Failed, "its ways of being asked disagree"}));
    }
  }
  return result;
}

}  // namespace

std::string_view name(Engine engine) {
  switch (engine) {
    case Engine::Interpreter: return "interpreter";
    case Engine::Independent: return "independent";
    case Engine::Kernel: return "kernel";
    case Engine::VerdictFunction: return "verdict function";
    case Engine::Compiled: return "compiled";
  }
  return "?";
}

std::ostream& operator<<(std::ostream& out, const Report& report) {
  out << report.programs << " programs, " << report.accepted << " accepted, " << report.records
      << " records, " << report.disagreements << " disagreements";
  for (const auto& [engine, tally] : report.tallies) {
    out << "\n  " << name(engine) << ": " << tally.compared << " answers compared";
    for (const auto& [reason, count] : tally.not_applicable)
      out << "\n    does not apply: " << count << " x " << reason;
  }
  for (const std::string& text : report.shown) out << "\n\n" << text;
  return out << "\n";
}

Tester::Tester(std::span<const Engine> asked) : asked_(asked.begin(), asked.end()) {
  for (const Engine engine : asked_) {
    if (engine != Engine::Kernel) continue;
    // A kernel that is stuck would keep whoever asks it: tools/filters-install.
    if (const char* why = std::getenv("ASSAY_NO_FILTERS")) {
      kernel_lacks_ = why;
      continue;
    }
    auto opened = kernel::Oracle::open();
    if (opened) {
      oracle_ = *std::move(opened);
    } else {
      kernel_lacks_ = std::string(kernel::describe(opened.error().lack)) + ", errno " +
                      std::to_string(opened.error().error);
    }
  }
}

bool Tester::asks(Engine engine) const {
  return std::find(asked_.begin(), asked_.end(), engine) != asked_.end();
}

std::optional<std::string> Tester::lacks(Engine engine) const {
  if (engine == Engine::Kernel && !kernel_lacks_.empty()) return kernel_lacks_;
  return std::nullopt;
}

// --- acceptance ---

std::vector<Acceptance> Tester::acceptances(Engine engine, std::span<const Instructions> programs) {
  std::vector<Acceptance> result;
  result.reserve(programs.size());
  const auto each = [&](const auto& ask) {
    for (const Instructions& program : programs) result.emplace_back(ask(program));
  };
  if (const auto other = accepts_.find(engine); other != accepts_.end()) {
    each(other->second);
    return result;
  }
  switch (engine) {
    case Engine::Interpreter:
      each([](Instructions program) {
        const auto accepted = verify::accept(program);
        return accepted ? 0 : accepted.error().error;
      });
      break;
    case Engine::Independent:
      each([](Instructions program) { return independent::load_errno(translated(program)); });
      break;
    case Engine::Kernel: return ask_kernel(programs);
    case Engine::VerdictFunction:
    case Engine::Compiled:
      result.assign(programs.size(),
                    tl::unexpected(not_applicable("it is made of accepted programs only")));
      break;
  }
  return result;
}

std::vector<Acceptance> Tester::ask_kernel(std::span<const Instructions> programs) {
  const auto nobody = [&](const NoAnswer& reason) {
    return std::vector<Acceptance>(programs.size(), tl::unexpected(reason));
  };
  if (!oracle_) return nobody(not_applicable("this machine lacks it"));
  const auto said = oracle_->accept(programs);
  if (!said) return nobody(why_not(said.error()));
  return {said->begin(), said->end()};
}

void Tester::accept(Origin first, std::uint64_t end, std::uint64_t step, const Maker& make) {
  sample::Instructions pool;
  sample::Instructions program;
  std::vector<std::size_t> starts;
  std::vector<Instructions> programs;
  while (first.index < end) {
    std::uint64_t next = first.index;
    pool.clear();
    starts.clear();
    for (; next < end && starts.size() < batch_programs && pool.size() < batch_instructions;
         next += step) {
      make(next, program);
      starts.push_back(pool.size());
      pool.insert(pool.end(), program.begin(), program.end());
    }
    programs.clear();
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const std::size_t after = i + 1 < starts.size() ? starts[i + 1] : pool.size();
      programs.emplace_back(std::span(pool).subspan(starts[i], after - starts[i]));
    }
    compare(first, step, programs);
    first.index = next;
  }
}

void Tester::compare(const Origin& origin, std::uint64_t step,
                     std::span<const Instructions> programs) {
  std::vector<std::vector<Acceptance>> said;
  for (const Engine engine : asked_) said.push_back(acceptances(engine, programs));
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const Acceptance& truth = said.front()[i];
    report_.programs += 1;
    report_.accepted += truth && *truth == 0 ? 1 : 0;
    bool agreed = true;
    for (std::size_t e = 1; e < asked_.size(); ++e) {
      const Acceptance& other = said[e][i];
      agreed = agrees(asked_[e], none_of(other), equal(other, truth)) && agreed;
    }
    if (agreed || !disagree()) continue;
    std::vector<Acceptance> row;
    for (const auto& column : said) row.push_back(column[i]);
    std::ostringstream out;
    const Origin here{origin.campaign, origin.seed, origin.index + i * step};
    out << describe<Acceptance>(here, asked_, row);
    print(out, programs[i]);
    report_.shown.push_back(out.str());
  }
}

// --- values ---

std::vector<Answer> Tester::answers(Engine engine, const verify::Program& program,
                                    std::span<const SeccompData> records) {
  std::vector<Answer> result;
  result.reserve(records.size());
  const auto each = [&](const auto& ask) {
    for (const SeccompData& record : records) result.emplace_back(ask(record));
  };
  if (const auto other = runs_.find(engine); other != runs_.end()) {
    each([&](const SeccompData& record) {
      return other->second(program.instructions(), engine::Interpreter::words_of(record));
    });
    return result;
  }
  switch (engine) {
    case Engine::Interpreter: {
      const engine::Interpreter interpreter(program);
      each([&](const SeccompData& record) { return interpret(interpreter, record); });
      break;
    }
    case Engine::Independent: {
      const auto insns = translated(program.instructions());
      each([&](const SeccompData& record) { return run_independently(insns, record); });
      break;
    }
    case Engine::Kernel: return ask_kernel(program, records);
    case Engine::VerdictFunction: return ask_verdict_function(program, records);
    case Engine::Compiled: return ask_compiled(program, records);
  }
  return result;
}

std::vector<Answer> Tester::ask_kernel(const verify::Program& program,
                                       std::span<const SeccompData> records) {
  const auto nobody = [&](const NoAnswer& reason) {
    return std::vector<Answer>(records.size(), tl::unexpected(reason));
  };
  if (!oracle_) return nobody(not_applicable("this machine lacks it"));
  const auto said = oracle_->value(program, records);
  if (!said) return nobody(why_not(said.error()));
  std::vector<Answer> result;
  for (const kernel::Value& value : *said) {
    if (value) {
      result.emplace_back(Value{*value, std::nullopt});
    } else {
      result.emplace_back(tl::unexpected(not_applicable(kernel::describe(value.error()))));
    }
  }
  return result;
}

void Tester::run(const Origin& origin, const verify::Program& program,
                 std::span<const SeccompData> records) {
  std::vector<std::vector<Answer>> said;
  for (const Engine engine : asked_) said.push_back(answers(engine, program, records));
  report_.programs += 1;
  report_.accepted += 1;
  report_.records += records.size();
  std::vector<Answer> row;
  for (std::size_t i = 0; i < records.size(); ++i) {
    row.clear();
    for (const auto& column : said) row.push_back(column[i]);
    compare(origin, program, records[i], row);
  }
}

void Tester::compare(const Origin& origin, const verify::Program& program,
                     const SeccompData& record, std::span<const Answer> said) {
  bool agreed = true;
  for (std::size_t e = 1; e < asked_.size(); ++e)
    agreed = agrees(asked_[e], none_of(said[e]), equal(said[e], said.front())) && agreed;
  if (agreed || !disagree()) return;
  std::ostringstream out;
  out << describe<Answer>(origin, asked_, said);
  print(out, record);
  print(out, program.instructions());
  report_.shown.push_back(out.str());
}

// Counts an engine's answer; false when it differs from the truth.
bool Tester::agrees(Engine engine, const std::optional<NoAnswer>& none, bool equal) {
  Tally& tally = report_.tallies[engine];
  if (!none) {
    tally.compared += 1;
    return equal;
  }
  if (none->cause == NoAnswer::Cause::Failed) return false;
  tally.not_applicable[none->reason] += 1;
  return true;
}

// Counts a difference; whether it is one of those that are shown.
bool Tester::disagree() {
  report_.disagreements += 1;
  return report_.shown.size() < most_shown;
}

// --- campaigns ---

std::uint64_t seed() {
  const char* text = std::getenv("ASSAY_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 0);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASSAY_SLOW_BUILD
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ASSAY_SLOW_BUILD
#endif

std::uint64_t slowdown() {
#ifdef ASSAY_SLOW_BUILD
  return 17;
#else
  return 1;
#endif
}

bool agreed(std::string_view campaign, const Report& report) {
  std::cout << campaign << " (sizes divided by " << slowdown() << "): " << report << std::flush;
  return report.disagreements == 0 && report.programs != 0;
}

}  // namespace assay::agreement
