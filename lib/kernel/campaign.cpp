#include "assay/kernel/campaign.hpp"

#include <algorithm>
#include <charconv>
#include <future>
#include <optional>

#include "assay/engine/filter_stack.hpp"
#include "assay/engine/interpreter.hpp"
#include "assay/sample/broken.hpp"
#include "assay/sample/constants.hpp"
#include "assay/sample/mutant.hpp"
#include "assay/sample/record.hpp"
#include "kernel/answers.hpp"
#include "kernel/calls.hpp"
#include "kernel/turn.hpp"

namespace assay::kernel {
namespace {

using bpf::Instruction;
using sample::Random;
using seccomp::SeccompData;
using seccomp::Verdict;
using Program = std::vector<Instruction>;

constexpr std::size_t longest_judged = 96;
constexpr std::size_t longest_now_and_then = 1300;  // three parts still fit one filter
constexpr std::size_t pool_size = 64;
constexpr std::size_t sights_compared = 16;
constexpr std::size_t sights_in_detail = 6;
constexpr std::size_t slice_items = 512;
constexpr std::chrono::seconds turn_limit{60};

// What is done with an item: drawn like the item, so that each share of a campaign has all.
enum class Role : std::uint8_t { Judged, Broken, Any };
struct Lot {
  Role role = Role::Any;
  std::uint32_t number = 0;  // any: decides the details
};
Lot lot_of(std::uint64_t seed, std::uint64_t item) {
  Random random(seed ^ 0x7e57, item);
  const std::uint32_t place = random.below(judged_every);
  return {place == 0 ? Role::Judged : place == 1 ? Role::Broken : Role::Any, random.bits()};
}

// Pages are dear where each record has its own: most pointers are of a few.
std::vector<std::uint64_t> pointer_pool(std::uint64_t seed) {
  std::vector<std::uint64_t> pool;
  Random random(seed, ~std::uint64_t{0});
  for (std::size_t i = 0; i < pool_size; ++i)
    pool.push_back((std::uint64_t{0x1000 + random.below(0x5000)} << 32) |
                   sample::any_constant(random));
  return pool;
}

std::uint64_t hash(std::span<const Instruction> program) {
  std::uint64_t state = 0xcbf29ce484222325;
  for (const Instruction& insn : program) {
    const std::uint64_t bits = std::uint64_t{insn.code} << 48 | std::uint64_t{insn.jt} << 40 |
                               std::uint64_t{insn.jf} << 32 | insn.k;
    state = (state ^ bits) * 0x9e3779b97f4a7c15;
    state ^= state >> 29;
  }
  return state;
}

Program draw(std::uint64_t seed, std::uint64_t item) {
  Random random(seed, item);
  const Lot lot = lot_of(seed, item);
  switch (lot.role) {
    case Role::Judged: {
      const verify::Program program = sample::accepted_program(
          random, random.one_in(64) ? longest_now_and_then : longest_judged);
      const auto same = program.instructions();
      if (!random.one_in(4)) return {same.begin(), same.end()};
      auto mutant = sample::accepted_mutant(random, program);
      return mutant ? mutant->instructions : Program(same.begin(), same.end());
    }
    case Role::Broken: {
      const auto rules = verify::rejection_kinds();
      return sample::broken_program(random, rules[lot.number % rules.size()]);
    }
    case Role::Any: break;
  }
  return sample::any_program(random);
}

class Executed : public engine::Observer {
 public:
  Executed(const verify::Program& program, std::array<std::uint64_t, 256>& counts)
      : program_(program), counts_(counts) {}
  void on_instruction(const engine::State& state) override {
    counts_[program_[state.pc].code & 0xff] += 1;
  }

 private:
  const verify::Program& program_;
  std::array<std::uint64_t, 256>& counts_;
};

std::string opcode_name(std::uint16_t code) {
  constexpr std::string_view digits = "0123456789abcdef";
  return {'o', 'p', 'c', 'o', 'd', 'e', ' ', '0', 'x', digits[code >> 4 & 15], digits[code & 15]};
}

std::string action_name(std::size_t action) {
  return "action " +
         std::string(action < seccomp::actions.size() ? seccomp::actions[action].name : "UNKNOWN");
}

std::string rule_name(verify::RejectionKind kind) {
  return "rule " + std::string(verify::name(kind));
}

constexpr std::size_t unknown_action = static_cast<std::size_t>(seccomp::Action::Unknown);

template <class Counts, class Name>
void gather(Tally& tally, Counts& counts, std::size_t size, const Name& name_of) {
  for (std::size_t i = 0; i < size; ++i) {
    if (counts[i] != 0) tally.counts[name_of(i)] += counts[i];
    counts[i] = 0;
  }
}

}  // namespace

std::string to_text(const Tally& tally) {
  std::string text;
  const auto line = [&](std::string_view name, std::uint64_t count) {
    text += std::string(name) + " " + std::to_string(count) + "\n";
  };
  line("programs", tally.programs);
  line("acceptances", tally.acceptances);
  line("accepted", tally.accepted);
  line("distinct", tally.distinct);
  line("verdicts", tally.verdicts);
  line("mismatches", tally.mismatches);
  for (const auto& [name, count] : tally.counts) line(name, count);
  return text;
}

std::optional<Tally> parse_tally(std::string_view text) {
  Tally tally;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t space = line.rfind(' ');
    if (space == std::string_view::npos) return {};
    const std::string_view name = line.substr(0, space);
    const std::string_view digits = line.substr(space + 1);
    std::uint64_t count = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    if (error != std::errc() || rest != digits.data() + digits.size()) return {};
    if (name == "programs")
      tally.programs = count;
    else if (name == "acceptances")
      tally.acceptances = count;
    else if (name == "accepted")
      tally.accepted = count;
    else if (name == "distinct")
      tally.distinct = count;
    else if (name == "verdicts")
      tally.verdicts = count;
    else if (name == "mismatches")
      tally.mismatches = count;
    else
      tally.counts.emplace(name, count);
  }
  return tally;
}

std::vector<std::string> unmet(const Tally& tally, std::uint64_t least) {
  std::vector<std::string> names;
  const auto need = [&](const std::string& name) {
    const auto found = tally.counts.find(name);
    if (found == tally.counts.end() || found->second < least) names.push_back(name);
  };
  for (const verify::RejectionKind kind : verify::rejection_kinds()) need(rule_name(kind));
  for (const bpf::Opcode& row : bpf::opcodes)
    if (row.seccomp) need(opcode_name(row.code));
  for (std::size_t action = 0; action <= unknown_action; ++action) need(action_name(action));
  return names;
}

void DistinctPrograms::add(std::uint64_t item) {
  if (lot_of(seed_, item).role == Role::Judged)
    add(std::span<const Instruction>(draw(seed_, item)));
}

bool DistinctPrograms::add(std::span<const Instruction> program) {
  return seen_.insert(hash(program)).second;
}

Campaign::Campaign(Judge& judge, const CampaignPlan& plan, Sink sink)
    : judge_(judge),
      plan_(plan),
      sink_(std::move(sink)),
      pointers_(pointer_pool(plan.seed)),
      distinct_(plan.seed) {}

struct Campaign::Sights {
  std::vector<verify::Program> stack;
  std::vector<SeccompData> records;
  std::vector<Verdict> ours;
  Detail detail = Detail::Class;
};

struct Campaign::Prepared {
  std::uint64_t item = 0;
  Program instructions;
  tl::expected<verify::Program, verify::Rejection> accepted;
  std::vector<SeccompData> records;  // of a judged program
  std::vector<std::uint32_t> values;
  std::optional<Sights> sights;
};

Campaign::Prepared Campaign::prepare(std::uint64_t item) const {
  Program instructions = draw(plan_.seed, item);
  auto accepted = verify::accept(instructions);
  Prepared prepared{item, std::move(instructions), std::move(accepted), {}, {}, {}};
  const Lot lot = lot_of(plan_.seed, item);
  if (!prepared.accepted || lot.role != Role::Judged) return prepared;
  Random random(plan_.seed ^ 0x5eed, item);
  auto& records = prepared.records;
  records =
      sample::records(random, prepared.instructions, plan_.records, {calls::native_arch(), true});
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i % 16 != 0) records[i].instruction_pointer = random.pick(pointers_);
    if (i % 8 == 7 && plan_.narrow != 0) records[i].arch = plan_.narrow;
  }
  const engine::Interpreter interpreter(*prepared.accepted);
  prepared.values.reserve(records.size());
  for (const SeccompData& record : records) prepared.values.push_back(interpreter.run(record));
  if (!records.empty() && lot.number % 4 == 0)
    prepared.sights = draw_sights(item, random, prepared);
  return prepared;
}

Campaign::Sights Campaign::draw_sights(std::uint64_t item, Random& random,
                                       const Prepared& prepared) const {
  const bool in_detail = lot_of(plan_.seed, item).number % 64 == 0;
  Sights sights;
  sights.detail = in_detail ? Detail::Action : Detail::Class;
  for (std::uint32_t older = random.below(4); older > 0; --older)
    sights.stack.push_back(sample::accepted_program(random, longest_judged));
  sights.stack.push_back(*prepared.accepted);
  sights.records = prepared.records;
  sights.records.resize(
      std::min(sights.records.size(), in_detail ? sights_in_detail : sights_compared));
  for (std::size_t i = 0; i < sights.records.size() && in_detail; i += 2)
    sights.records[i].nr = 0x1000 | (sights.records[i].nr & 0x3fffffff);  // numbers that may run
  const engine::FilterStack ours(sights.stack);
  for (const SeccompData& record : sights.records) sights.ours.push_back(ours.run(record));
  return sights;
}

std::vector<Campaign::Prepared> Campaign::prepare_all(std::span<const std::uint64_t> items) const {
  std::vector<Prepared> prepared;
  prepared.reserve(items.size());
  for (const std::uint64_t item : items) prepared.push_back(prepare(item));
  return prepared;
}

// The next slice is drawn and judged by another thread while the kernel answers for this one.
tl::expected<void, Failure> Campaign::run(std::span<const std::uint64_t> items) {
  const auto take = [&] {
    const auto slice = items.first(std::min(items.size(), slice_items));
    items = items.subspan(slice.size());
    return slice;
  };
  std::vector<Prepared> now = prepare_all(take());
  while (!now.empty()) {
    auto next = std::async(std::launch::async, &Campaign::prepare_all, this, take());
    const auto done = compare(now);
    now = next.get();
    if (!done) return done;
  }
  gather_counts();
  return {};
}

tl::expected<void, Failure> Campaign::compare(std::span<const Prepared> batch) {
  // One for all questions; who cannot have it is told so by the first of them.
  const auto all_along = kernel::Turn::take(turn_limit);
  std::vector<Instructions> asked;
  asked.reserve(batch.size());
  for (const Prepared& prepared : batch) asked.emplace_back(prepared.instructions);
  const auto errors = judge_.accept(asked);
  if (!errors) return tl::unexpected(errors.error());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const Prepared& prepared = batch[i];
    const auto& ours = prepared.accepted;
    const int error = ours ? 0 : ours.error().error;
    tally_.programs += 1;
    tally_.acceptances += 1;
    tally_.accepted += (*errors)[i] == 0 ? 1 : 0;
    if (!ours) rules_[static_cast<std::size_t>(ours.error().kind)] += 1;
    if (error != (*errors)[i]) {
      report({FindingKind::Accepted,
              plan_.seed,
              prepared.item,
              {prepared.instructions},
              {},
              acceptance_text(error),
              acceptance_text((*errors)[i])});
    } else if (ours && lot_of(plan_.seed, prepared.item).role == Role::Judged) {
      if (auto done = judge_program(prepared); !done) return done;
    }
  }
  return {};
}

void Campaign::gather_counts() {
  gather(tally_, opcodes_, opcodes_.size(),
         [](std::size_t i) { return opcode_name(static_cast<std::uint16_t>(i)); });
  gather(tally_, actions_, unknown_action + 1, action_name);
  gather(tally_, rules_, verify::rejection_kinds().size(),
         [](std::size_t i) { return rule_name(static_cast<verify::RejectionKind>(i)); });
  gather(tally_, sightings_, static_cast<std::size_t>(Sighting::UnknownPassed) + 1,
         [](std::size_t i) { return "seen " + std::string(name(static_cast<Sighting>(i))); });
  gather(tally_, unasked_, static_cast<std::size_t>(NotAskable::PointerTaken) + 1,
         [](std::size_t i) {
           return "not asked: " + std::string(describe(static_cast<NotAskable>(i)));
         });
}

tl::expected<void, Failure> Campaign::judge_program(const Prepared& prepared) {
  tally_.distinct += distinct_.add(std::span<const Instruction>(prepared.instructions)) ? 1 : 0;
  if (prepared.records.empty()) return {};
  count_opcodes(*prepared.accepted, prepared.records.front());
  if (auto done = compare_values(prepared); !done) return done;
  return prepared.sights ? compare_sights(prepared) : tl::expected<void, Failure>();
}

void Campaign::count_opcodes(const verify::Program& program, const SeccompData& record) {
  Executed counter(program, opcodes_);
  engine::Interpreter(program).observe(engine::Interpreter::words_of(record), counter);
}

tl::expected<void, Failure> Campaign::compare_values(const Prepared& prepared) {
  const auto values = judge_.value(*prepared.accepted, prepared.records);
  if (!values) return tl::unexpected(values.error());
  for (std::size_t i = 0; i < prepared.records.size(); ++i) {
    const Value& theirs = (*values)[i];
    if (!theirs) {
      unasked_[static_cast<std::size_t>(theirs.error())] += 1;
      continue;
    }
    tally_.verdicts += 1;
    actions_[static_cast<std::size_t>(Verdict{*theirs}.action())] += 1;
    if (prepared.values[i] == *theirs) continue;
    report({FindingKind::Returned,
            plan_.seed,
            prepared.item,
            {prepared.instructions},
            prepared.records[i],
            value_text(prepared.values[i]),
            value_text(*theirs)});
  }
  return {};
}

tl::expected<void, Failure> Campaign::compare_sights(const Prepared& prepared) {
  const Sights& drawn = *prepared.sights;
  const auto sights = judge_.verdict(drawn.stack, drawn.records, drawn.detail);
  if (!sights) return tl::unexpected(sights.error());
  for (std::size_t i = 0; i < drawn.records.size(); ++i) {
    const Sight& theirs = (*sights)[i];
    if (!theirs) {
      unasked_[static_cast<std::size_t>(theirs.error())] += 1;
      continue;
    }
    tally_.verdicts += 1;
    sightings_[static_cast<std::size_t>(theirs->sighting)] += 1;
    if (explains(drawn.ours[i], *theirs)) continue;
    Finding finding{FindingKind::Seen, plan_.seed,
                    prepared.item,     {},
                    drawn.records[i],  value_text(drawn.ours[i].value),
                    to_string(*theirs)};
    for (const verify::Program& program : drawn.stack) {
      const auto same = program.instructions();
      finding.stack.emplace_back(same.begin(), same.end());
    }
    report(finding);
  }
  return {};
}

void Campaign::report(const Finding& finding) {
  tally_.mismatches += 1;
  if (tally_.mismatches <= plan_.findings) sink_(minimised(finding, judge_));
}

}  // namespace assay::kernel
