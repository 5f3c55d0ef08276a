#include "assay/testing/expectation.hpp"

#include "assay/engine/filter_stack.hpp"
#include "assay/load/filter.hpp"
#include "assay/load/record.hpp"
#include "assay/report/json.hpp"
#include "assay/smt/solver.hpp"
#include "assay/symbolic/question.hpp"
#include "assay/text/rejection.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"

namespace assay::testing {
namespace {

using seccomp::Verdict;
using seccomp::Words;

struct Read {
  std::vector<verify::Program> programs;
  std::string problem;
};

void add(Read& to, std::span<const bpf::Instruction> instructions) {
  const auto program = verify::accept(instructions);
  if (program)
    to.programs.push_back(*program);
  else
    to.problem = "the kernel rejects the filter: " + text::to_text(program.error());
}

Read decoded(std::string_view bytes, std::optional<bpf::Format> format) {
  Read read;
  const auto instructions = load::decode_filter(bytes, "filter", format);
  if (instructions)
    add(read, *instructions);
  else
    read.problem = load::describe(instructions.error());
  return read;
}

Call call_of(load::RecordFields fields, std::initializer_list<std::uint64_t> args,
             std::string_view arch) {
  const auto known = load::parse_arch(arch);
  if (!known) return {{}, load::describe(known.error())};
  if (args.size() > fields.args.size()) return {{}, "a system call has at most 6 arguments"};
  fields.arch = *known;
  std::copy(args.begin(), args.end(), fields.args.begin());
  const auto record = load::to_record(fields);
  if (!record) return {{}, load::describe(record.error())};
  return {*record, {}};
}

Verdict verdict_of(const Filter& filter, const Words& words) {
  return engine::FilterStack(filter.programs()).run(words).normalised();
}

}  // namespace

Filter Filter::file(const std::string& path) {
  Filter filter;
  const auto loaded = load::load_filters(path);
  Read read;
  if (!loaded)
    read.problem = load::describe(loaded.error());
  else
    for (const load::Filter& one : *loaded) add(read, one.instructions);
  filter.programs_ = std::move(read.programs);
  filter.problem_ = std::move(read.problem);
  return filter;
}

Filter Filter::text(std::string_view assembly) {
  Filter filter;
  Read read = decoded(assembly, bpf::Format::Text);
  filter.programs_ = std::move(read.programs);
  filter.problem_ = std::move(read.problem);
  return filter;
}

Filter Filter::raw(const void* instructions, std::size_t count) {
  Filter filter;
  constexpr auto format =
      std::endian::native == std::endian::little ? bpf::Format::Raw : bpf::Format::RawBe;
  Read read = decoded({static_cast<const char*>(instructions), 8 * count}, format);
  filter.programs_ = std::move(read.programs);
  filter.problem_ = std::move(read.problem);
  return filter;
}

Filter Filter::stack(std::span<const Filter> oldest_first) {
  Filter filter;
  for (const Filter& one : oldest_first) {
    filter.programs_.insert(filter.programs_.end(), one.programs_.begin(), one.programs_.end());
    if (filter.problem_.empty()) filter.problem_ = one.problem_;
  }
  return filter;
}

Call syscall(std::string_view name, std::initializer_list<std::uint64_t> args,
             std::string_view arch) {
  load::RecordFields fields;
  fields.syscall = name;
  return call_of(fields, args, arch);
}

Call syscall(int nr, std::initializer_list<std::uint64_t> args, std::string_view arch) {
  load::RecordFields fields;
  fields.nr = static_cast<std::uint32_t>(nr);
  return call_of(fields, args, arch);
}

std::optional<std::string> unmet_verdict(const Filter& filter, const Call& call, Verdict expected) {
  if (!filter.problem().empty()) return filter.problem();
  if (!call.problem.empty()) return call.problem;
  const Words words = engine::Interpreter::words_of(call.data);
  const Verdict found = verdict_of(filter, words);
  if (found == expected.normalised()) return std::nullopt;
  return "the verdict is " + text::to_text(found) + ", expected " + text::to_text(expected) +
         ", of " + report::record_json(words).dump();
}

std::optional<std::string> unmet_equivalence(const Filter& a, const Filter& b) {
  if (!a.problem().empty()) return "the first filter: " + a.problem();
  if (!b.problem().empty()) return "the second filter: " + b.problem();
  const auto answer = symbolic::decide_equal(a.programs(), b.programs(), {},
                                             symbolic::Precision::Normalised, {}, smt::solver({}));
  if (!answer) return "not decided whether the filters are equivalent";
  if (answer->yes) return std::nullopt;
  if (!answer->witness) return "the filters differ";
  return "the filters differ: " + text::to_text(verdict_of(a, *answer->witness)) + " and " +
         text::to_text(verdict_of(b, *answer->witness)) + " for " +
         report::record_json(*answer->witness).dump();
}

}  // namespace assay::testing
