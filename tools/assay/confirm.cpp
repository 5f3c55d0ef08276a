// assay confirm: the running kernel's verdicts beside ours, for filters of the user.
#include <map>
#include <set>

#include "assay/engine/filter_stack.hpp"
#include "assay/kernel/oracle.hpp"
#include "assay/sample/record.hpp"
#include "assay/symbolic/covering.hpp"
#include "assay/text/verdict.hpp"
#include "budget_options.hpp"
#include "filters.hpp"
#include "witness_record.hpp"

namespace assay::tool {
namespace {

using seccomp::SeccompData;
using seccomp::Verdict;
using Programs = std::span<const verify::Program>;

constexpr Manual manual{
    "confirm", "[--stack] FILTER...",
    "Asks the running kernel: records that pass every edge of the filter that a call on this\n"
    "machine can pass, and random ones, with the kernel's verdicts beside ours.",
    "No call is carried out, but for numbers that no system call has. FILTER is a file, - for\n"
    "stdin, or pid:N (the filters of a live process). Edges that only other machines' calls pass\n"
    "are counted as not asked. A mismatch comes with both verdicts, the instructions that we\n"
    "executed and commands that show it again.\n"
    "Exit status: 0 all agree, 1 a mismatch or a rejected filter, 4 this kernel cannot be asked,\n"
    "5 the edges were not decided within the budget.",
    "  $ printf 'ld [nr]\\njeq #59, +0, +1\\nret #ERRNO(1)\\nret #ALLOW\\n' | assay confirm -\n"
    "  -: 1004 verdicts compared, 3 of 3 edges, 0 mismatches\n"
    "    ALLOW          927\n"
    "    ERRNO           77\n"
    "    not asked: 2, not the architecture of this machine"};

struct Settings {
  std::uint64_t seed = 1;
  std::size_t random = 1000;
};

// As a call that this machine can make.
void make_ours(SeccompData& record, std::uint32_t arch) {
  record.arch = arch;
  record.instruction_pointer = 0x100000 + record.instruction_pointer % 0x7ffffe000000;
}

using Edge = std::pair<std::size_t, std::size_t>;

class EdgesPassed : public engine::Observer {
 public:
  void on_instruction(const engine::State& state) override {
    if (last_) edges.emplace(*last_, state.pc);
    last_ = state.pc;
    trace.push_back(state.pc);
  }
  std::set<Edge> edges;
  std::vector<std::size_t> trace;

 private:
  std::optional<std::size_t> last_;
};

class Confirmation {
 public:
  // The files are those of the stack, in its order.
  Confirmation(const CommandLine& line, std::vector<std::string> files, Programs stack,
               kernel::Oracle& oracle, Output& output)
      : line_(line),
        files_(std::move(files)),
        file_(stack_name(files_)),
        stack_(stack),
        ours_(stack, line.semantics()),
        oracle_(oracle),
        output_(output) {}

  ExitStatus run(const Settings& settings, const symbolic::Budget& budget) {
    settings_ = settings;
    draw_records();
    const bool decided = add_witnesses(budget);
    if (!compare()) return cannot;
    output_.write(line_.json() ? json() : text());
    if (mismatches_ != 0) return no;
    return decided ? yes : not_decided;
  }

 private:
  void draw_records() {
    sample::Random random(settings_.seed, 0);
    std::vector<bpf::Instruction> all;
    for (const verify::Program& program : stack_)
      all.insert(all.end(), program.instructions().begin(), program.instructions().end());
    records_ =
        sample::records(random, all, settings_.random, {kernel::Oracle::native_arch(), true});
    for (std::size_t i = 0; i < records_.size(); ++i)
      if (i % 4 == 3) records_[i].arch = kernel::Oracle::narrow_arch();
  }

  // For each program the inputs that cover its edges, as they are where this machine can make
  // the call, and moved to its arches.
  bool add_witnesses(const symbolic::Budget& budget) {
    bool decided = true;
    for (const verify::Program& program : stack_) {
      const auto places = symbolic::edges_of(program);
      const auto covering =
          symbolic::cover(program, places, line_.semantics(), budget, decider(budget));
      feasible_ += covering.reached;
      if (covering.why) {
        undecided("confirm", *covering.why, budget);
        decided = false;
      }
      for (const seccomp::Words& words : covering.inputs) {
        const SeccompData data = seccomp::from_words(words, seccomp::byte_order(words[1]));
        records_.push_back(data);
        for (const std::uint32_t arch :
             {kernel::Oracle::native_arch(), kernel::Oracle::narrow_arch()}) {
          records_.push_back(data);
          make_ours(records_.back(), arch);
        }
      }
    }
    return decided;
  }

  bool compare() {
    const auto seen = oracle_.verdict(stack_, records_, kernel::Detail::Action);
    if (!seen) {
      complain("confirm: " + file_ + ": " + std::string(kernel::describe(seen.error().kind)) +
               (seen.error().error != 0 ? ", errno " + std::to_string(seen.error().error) : ""));
      return false;
    }
    for (std::size_t i = 0; i < records_.size(); ++i) {
      const kernel::Sight& sight = (*seen)[i];
      if (!sight) {
        not_asked_[std::string(kernel::describe(sight.error()))] += 1;
        continue;
      }
      verdicts_ += 1;
      actions_[std::string(kernel::name(sight->sighting))] += 1;
      derived_ += sight->derived ? 1 : 0;
      note_edges(records_[i]);
      const Verdict verdict = ours_.run(records_[i]);
      if (!kernel::explains(verdict, *sight, line_.semantics())) tell(records_[i], verdict, *sight);
    }
    return true;
  }

  void note_edges(const SeccompData& record) {
    for (std::size_t i = 0; i < stack_.size(); ++i) {
      EdgesPassed passed;
      ours_[i].observe(engine::Interpreter::words_of(record), passed);
      for (const Edge& edge : passed.edges) edges_.emplace(i, edge);
    }
  }

  // What ours executed, a list for each filter.
  std::vector<std::vector<std::size_t>> traces(const SeccompData& record) const {
    std::vector<std::vector<std::size_t>> result;
    for (std::size_t i = 0; i < stack_.size(); ++i) {
      EdgesPassed passed;
      ours_[i].observe(engine::Interpreter::words_of(record), passed);
      result.push_back(std::move(passed.trace));
    }
    return result;
  }

  // For a shell.
  std::string commands(const seccomp::Words& words) const {
    std::string filters;
    for (const char* const option : {"semantics", "input-format"})
      if (line_.has(option))
        filters += " --" + std::string(option) + " " + shell_word(line_.text(option));
    if (stack_.size() > 1) filters += " --stack";
    for (const std::string& file : files_) filters += " " + shell_word(file);
    return "assay run --trace " + to_options(words) + filters + "; assay confirm --seed " +
           std::to_string(settings_.seed) + " --records " + std::to_string(settings_.random) +
           filters;
  }

  void tell(const SeccompData& record, Verdict verdict, const kernel::Observed& sight) {
    mismatches_ += 1;
    const auto executed = traces(record);
    const seccomp::Words words = engine::Interpreter::words_of(record);
    const std::string again = commands(words);
    const std::string ours = text::to_text(verdict, line_.semantics());
    if (line_.json()) {
      Json json = json_document(line_.semantics());
      json["file"] = file_;
      json["record"] = to_record(words);
      json["verdict"] = ours;
      json["kernel"] = kernel::to_string(sight);
      json["traces"] = executed;
      json["reproduce"] = again;
      output_.write(json_line(json));
      return;
    }
    std::string text = line_.paint()(Shade::Bad, "mismatch") + ": " + to_options(words) +
                       "\n  ours " + ours + ", kernel " + kernel::to_string(sight);
    for (std::size_t i = 0; i < executed.size(); ++i) {
      text += "\n  executed";
      for (const std::size_t pc : executed[i]) text += " " + std::to_string(pc);
      if (executed.size() > 1) text += " of " + load::printable(files_[i]);
    }
    output_.write(text + "\n  " + again + "\n");
  }

  std::string text() const {
    std::string text = load::printable(file_) + ": " + std::to_string(verdicts_) +
                       " verdicts compared, " + std::to_string(edges_.size()) + " of " +
                       std::to_string(feasible_) + " edges, " +
                       line_.paint()(mismatches_ == 0 ? Shade::Good : Shade::Bad,
                                     std::to_string(mismatches_) + " mismatches") +
                       "\n";
    const auto row = [&](const std::string& name, std::uint64_t count) {
      const std::string digits = std::to_string(count);
      text += "  " + name + std::string(name.size() < 12 ? 12 - name.size() : 1, ' ') +
              std::string(digits.size() < 6 ? 6 - digits.size() : 0, ' ') + digits + "\n";
    };
    for (const auto& [name, count] : actions_) row(name, count);
    for (const auto& [reason, count] : not_asked_)
      text += "  not asked: " + std::to_string(count) + ", " + reason + "\n";
    return text;
  }

  std::string json() const {
    Json json = json_document(line_.semantics());
    json["file"] = file_;
    json["verdicts"] = verdicts_;
    json["mismatches"] = mismatches_;
    json["edges"] = edges_.size();
    json["feasible_edges"] = feasible_;
    json["derived"] = derived_;
    json["seed"] = settings_.seed;
    json["actions"] = Json::object();
    for (const auto& [name, count] : actions_) json["actions"][name] = count;
    json["not_asked"] = Json::object();
    for (const auto& [reason, count] : not_asked_) json["not_asked"][reason] = count;
    return json_line(json);
  }

  const CommandLine& line_;
  std::vector<std::string> files_;
  std::string file_;
  Programs stack_;
  engine::FilterStack ours_;
  kernel::Oracle& oracle_;
  Output& output_;
  Settings settings_;

  std::vector<SeccompData> records_;
  std::uint64_t verdicts_ = 0;
  std::uint64_t mismatches_ = 0;
  std::uint64_t derived_ = 0;
  std::size_t feasible_ = 0;
  std::set<std::pair<std::size_t, Edge>> edges_;
  std::map<std::string, std::uint64_t> actions_;
  std::map<std::string, std::uint64_t> not_asked_;
};

tl::expected<Settings, ExitStatus> read_settings(const CommandLine& line) {
  const auto seed = line.number("seed", 0, 4'000'000'000, 1);
  if (!seed) return tl::unexpected(seed.error());
  const auto records = line.number("records", 0, 10'000'000, 1000);
  if (!records) return tl::unexpected(records.error());
  return Settings{*seed, *records};
}

ExitStatus confirm_all(const CommandLine& line, const Settings& settings,
                       const symbolic::Budget& budget, kernel::Oracle& oracle, Output& output) {
  if (line.has("stack")) {
    const auto stack = load_stack(line);
    if (!stack) return stack.error();
    std::vector<std::string> files;
    for (const load::Filter& filter : stack->filters) files.push_back(filter.file);
    return Confirmation(line, files, stack->programs, oracle, output).run(settings, budget);
  }
  return for_each_filter(line, [&](const load::Filter& filter) {
    const auto program = accepted(line, filter);
    if (!program) return no;
    return Confirmation(line, {filter.file}, std::span(&*program, 1), oracle, output)
        .run(settings, budget);
  });
}

}  // namespace

ExitStatus run_confirm(const Arguments& arguments) {
  CommandLine line(manual);
  line.add_input_format();
  line.add({{"stack", OptionKind::Flag, "", "the filters are one stack, oldest first"},
            {"records", OptionKind::Text, "N", "random records for each filter (default 1000)"},
            {"seed", OptionKind::Text, "S", "what these are (default 1)"}});
  add_budget_options(line);
  if (const auto status = line.parse(arguments)) return *status;
  if (line.operands().empty()) return line.usage("expected a FILTER");
  const auto settings = read_settings(line);
  if (!settings) return settings.error();
  const auto budget = read_budget(line);
  if (!budget) return budget.error();
  auto output = line.open_output();
  if (!output) return output.error();
  auto oracle = kernel::Oracle::open();
  if (!oracle) {
    complain("confirm: " + std::string(kernel::describe(oracle.error().lack)) + ", errno " +
             std::to_string(oracle.error().error));
    return cannot;
  }
  return output->finish(confirm_all(line, *settings, *budget, *oracle, *output));
}

}  // namespace assay::tool
