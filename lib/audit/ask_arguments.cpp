// Questions about values that the kernel takes for the same, and about halves of values.
//
// A filter sees 64 bits of an argument; the kernel drops some. Two values that differ in dropped
// bits only are one value to it. The value that a program passes is the canonical one, with the
// dropped bits 0 (for a signed int also the sign in the high half). A bypass is a canonical
// value that is CLOSED or MEDIATED and a value equal to it that is OPEN. The other way round is
// over-denial.
#include <algorithm>
#include <array>
#include <map>

#include "assay/names/syscalls.hpp"
#include "assay/symbolic/findings.hpp"
#include "audit/argument.hpp"
#include "audit/inquiry.hpp"
#include "audit/pairs.hpp"

namespace assay::audit {

using seccomp::Arch;
using seccomp::Words;
using symbolic::Condition;

namespace {

constexpr std::uint32_t all = ~std::uint32_t{0};

// One argument of one call of one ABI, and the bits of it that the kernel drops.
struct Dropping {
  const Abi& abi;
  std::string_view call;
  std::uint32_t nr;
  std::size_t argument;
  Words bits;
  bool signed_int;
  std::string_view why;
};

// Where the canonical value is in the set.
Condition canonical_open(const Dropping& dropping, const Condition& open) {
  Condition result = with_bits(open, dropping.bits, Words{});
  if (!dropping.signed_int) return result;
  Words negative{};
  negative[dropping.abi.high(dropping.argument)] = all;
  const auto low = symbolic::Term::word(open.manager(), dropping.abi.low(dropping.argument));
  const Condition sign = in_range(low, 0x80000000, all);
  return result | (sign & with_bits(open, dropping.bits, negative));
}

// Among the values that are equal to the kernel more are open than not: the closed ones were
// singled out, not the open ones.
bool mostly_open(const Condition& open, const Words& at, const Words& bits) {
  const Condition same = alike(open.manager(), at, bits);
  return (same & !open).count() < (same & open).count();
}

std::optional<Pair> bypass(const Dropping& dropping, const Treatment& treatment) {
  constexpr int most_tries = 16;
  const Condition& open = treatment.open();
  const Condition harmless = canonical_open(dropping, open | treatment.fake());
  Condition holes = with_some(open, dropping.bits) & !harmless;
  for (int i = 0; i < most_tries; ++i) {
    auto at = holes.witness();
    if (!at) return std::nullopt;
    for (std::size_t word = 0; word < at->size(); ++word) (*at)[word] &= ~dropping.bits[word];
    const auto odd = (open & alike(open.manager(), *at, dropping.bits)).witness();
    if (!odd) return std::nullopt;
    if (mostly_open(open, *at, dropping.bits)) return Pair{*odd, *at};
    holes = holes & !alike(open.manager(), *at, dropping.bits);
  }
  return std::nullopt;
}

Finding equivalence(const Inquiry& inquiry, const Dropping& dropping, const Pair& pair) {
  const std::string name = "argument " + std::to_string(dropping.argument) + " of " +
                           std::string(dropping.abi.token()) + " " + std::string(dropping.call);
  Finding finding = inquiry.finding(
      "argument-equivalence",
      subject(dropping.abi, dropping.call) + " arg" + std::to_string(dropping.argument),
      name + ": a value that is refused passes in another form; " + std::string(dropping.why));
  finding.evidence.calls = {
      inquiry.exhibit("gets through", dropping.abi.input(dropping.nr, pair.in)),
      inquiry.exhibit("is the same to the kernel, and refused",
                      dropping.abi.input(dropping.nr, pair.out))};
  return finding;
}

bool depends_on(const Condition& open, const Words& bits) {
  const Words dependent = open.bits();
  for (std::size_t word = 0; word < bits.size(); ++word)
    if ((dependent[word] & bits[word]) != 0) return true;
  return false;
}

bool ask_dropping(const Inquiry& inquiry, const Dropping& dropping) {
  const Treatment& treatment = dropping.abi.of(dropping.nr);
  if (!depends_on(treatment.open(), dropping.bits)) return false;
  const auto pair = bypass(dropping, treatment);
  if (!pair) return false;
  Finding finding = equivalence(inquiry, dropping, *pair);
  if (dropping.abi.arch() != inquiry.native().arch() &&
      !require(finding, inquiry.abi_present(dropping.abi.arch()), Unmet::Drops))
    return true;
  inquiry.report(std::move(finding));
  return true;
}

Words bits_of(std::size_t word, std::uint32_t bits) {
  Words result{};
  result[word] = bits;
  return result;
}

void ask_width(const Inquiry& inquiry, const Abi& abi, std::string_view call, std::uint32_t nr,
               std::size_t argument) {
  const auto width = width_of(call, argument);
  if (!abi.is_64_bit() || !width || !is_cut(*width)) return;
  const bool signed_int = *width == Width::Signed32;
  ask_dropping(inquiry, {abi, call, nr, argument, bits_of(abi.high(argument), all), signed_int,
                         "the kernel takes 32 bits of it"});
}

void ask_ignored(const Inquiry& inquiry, const Abi& abi) {
  const bool x86 = inquiry.native().arch() == Arch::x86_64 || inquiry.native().arch() == Arch::x86;
  for (const Ignored& row : ignored_bits()) {
    const auto nr = abi.number(row.call);
    if (nr && (x86 || !row.x86_only))
      ask_dropping(inquiry, {abi, row.call, *nr, row.argument,
                             bits_of(abi.low(row.argument), row.bits), false, row.why});
  }
  for (const std::string_view call : calls_with_16_bit_ids(abi.arch())) {
    const bool named_twice = call.ends_with("chown");
    const std::size_t first = named_twice ? 1 : 0;
    for (std::size_t argument = first; argument < 3; ++argument)
      if (const auto nr = abi.number(call))
        ask_dropping(inquiry, {abi, call, *nr, argument, bits_of(abi.low(argument), 0xffff0000),
                               false, "this call takes 16 bits of an id"});
  }
}

// Flags with the magic on top are those without.
void ask_magic(const Inquiry& inquiry, const Abi& abi) {
  for (const Magic& row : magic_values()) {
    const auto nr = abi.number(row.call);
    if (!nr) continue;
    const Condition& open = abi.of(*nr).open();
    const Words bits = bits_of(abi.low(row.argument), row.mask);
    const Words value = bits_of(abi.low(row.argument), row.value);
    const Condition hole = with_bits(open, bits, value) & !with_bits(open, bits, Words{});
    auto plain = hole.witness();
    if (!plain) continue;
    (*plain)[abi.low(row.argument)] &= ~row.mask;
    Words odd = *plain;
    odd[abi.low(row.argument)] |= row.value;
    inquiry.report(equivalence(inquiry, {abi, row.call, *nr, row.argument, bits, false, row.why},
                               {odd, *plain}));
  }
}

void ask_equivalence(const Inquiry& inquiry, const Abi& abi) {
  for (const std::string_view call : names::all_syscall_names(abi.arch())) {
    const auto nr = abi.number(call);
    if (!nr) continue;
    for (std::size_t argument = 0; argument < 6; ++argument)
      if (abi.of(*nr).looks_at(abi.high(argument))) ask_width(inquiry, abi, call, *nr, argument);
  }
  ask_ignored(inquiry, abi);
  ask_magic(inquiry, abi);
}

// Some values are open, others closed, by the low word alone.
void ask_half(const Inquiry& inquiry, const Abi& abi, std::string_view call, std::uint32_t nr,
              std::size_t argument) {
  const auto width = width_of(call, argument);
  if (width != Width::Full && width != Width::Pointer) return;
  const Treatment& treatment = abi.of(nr);
  const Words bits = treatment.function()
                         .where([&](seccomp::Verdict verdict) {
                           return outcome(verdict, inquiry.semantics()) == Outcome::Open;
                         })
                         .bits();
  // Bits of a word that is looked at whole: a value is compared, not a flag.
  if (bits[abi.low(argument)] != all || bits[abi.high(argument)] != 0) return;
  const std::array low{abi.low(argument)};
  const auto pair = differing_in(treatment.open(), low);
  if (!pair) return;
  Words large = pair->in;
  large[abi.high(argument)] = 1;
  Finding finding = inquiry.finding(
      "wide-value-half-compared", subject(abi, call) + " arg" + std::to_string(argument),
      "argument " + std::to_string(argument) + " of " + std::string(call) +
          " is 64 bits wide, and its low 32 bits alone decide");
  finding.evidence.calls = {
      inquiry.exhibit("gets through with another high half", abi.input(nr, large)),
      inquiry.exhibit("is refused", abi.input(nr, pair->out))};
  inquiry.report(std::move(finding));
}

// The values of the high half other than 0 and the sign are told apart, where no program can
// pass them or the kernel drops them.
void ask_swapped(const Inquiry& inquiry, const Abi& abi, std::string_view call, std::uint32_t nr,
                 std::size_t argument) {
  const auto width = width_of(call, argument);
  if (abi.is_64_bit() && !(width && is_cut(*width))) return;
  const auto only_high = abi.of(nr).raw().with_word(abi.low(argument), 0);
  const auto groups = only_high.groups_of(abi.high(argument), 1024);
  if (!groups) return;
  std::size_t telling = 0;
  for (const auto& group : *groups)
    for (const Condition::Range& range : group.values)
      if (range.last != 0 && range.first != all) {
        ++telling;
        break;
      }
  if (telling < 2) return;
  Finding finding =
      inquiry.finding("halves-swapped", subject(abi, call) + " arg" + std::to_string(argument),
                      "the high half of argument " + std::to_string(argument) + " of " +
                          std::string(call) + " is compared with a value, which " +
                          (abi.is_64_bit() ? "the kernel never looks at"
                                           : "is always 0 on " + std::string(abi.token())));
  finding.evidence.statement =
      "with the low half 0 the verdict still depends on the high half, by "
      "more than whether it is 0 or a sign";
  finding.evidence.checked = "the interpreter gives two verdicts for two high halves";
  for (const auto& group : *groups) {
    for (const Condition::Range& range : group.values) {
      if (range.last == 0 || range.first == all) continue;
      Words words =
          group.rest.where([](seccomp::Verdict) { return true; }).witness().value_or(Words{});
      words[abi.high(argument)] = std::max(range.first, std::uint32_t{1});
      finding.evidence.calls.push_back(inquiry.exhibit("by the high half", abi.input(nr, words)));
      break;
    }
    if (finding.evidence.calls.size() == 2) break;
  }
  if (finding.evidence.calls.size() == 2) inquiry.report(std::move(finding));
}

bool is_kept_for_reading(std::string_view call, std::size_t argument) {
  // Addresses that only ask the kernel where to put something.
  return (call == "mmap" || call == "mremap" || call == "shmat") && argument == 0;
}

// An address decides by more than whether it is NULL.
void ask_pointer(const Inquiry& inquiry, const Abi& abi, std::string_view call, std::uint32_t nr,
                 std::size_t argument) {
  if (width_of(call, argument) != Width::Pointer || is_kept_for_reading(call, argument)) return;
  const Treatment& treatment = abi.of(nr);
  const std::array halves{abi.low(argument), abi.high(argument)};
  const auto low = symbolic::Term::word(inquiry.manager(), halves[0]);
  const auto high = symbolic::Term::word(inquiry.manager(), halves[1]);
  const Condition null =
      compare(low, symbolic::Comparison::Equal, 0) & compare(high, symbolic::Comparison::Equal, 0);
  Words free{};
  for (const std::size_t word : halves) free[word] = all;
  const Condition open = treatment.open() & !null;
  const Condition closed = (!treatment.open()) & (!null);
  const auto at = (with_some(open, free) & with_some(closed, free)).witness();
  if (!at) return;
  const Condition near = alike(inquiry.manager(), *at, free);
  const auto in = (open & near).witness();
  const auto out = (closed & near).witness();
  if (!in || !out) return;
  Finding finding =
      inquiry.finding("pointer-compared", subject(abi, call) + " arg" + std::to_string(argument),
                      "argument " + std::to_string(argument) + " of " + std::string(call) +
                          " is an address, and its value decides");
  finding.evidence.calls = {inquiry.exhibit("gets through", abi.input(nr, *in)),
                            inquiry.exhibit("is refused", abi.input(nr, *out))};
  inquiry.report(std::move(finding));
}

bool looks_at(const Abi& abi, const Treatment& treatment, std::size_t argument) {
  return treatment.looks_at(abi.low(argument)) || treatment.looks_at(abi.high(argument));
}

using Question = void (*)(const Inquiry&, const Abi&, std::string_view, std::uint32_t, std::size_t);

// Of every argument on which the call's verdict depends.
void ask_each(const Inquiry& inquiry, const Abi& abi, Question question) {
  for (const std::string_view call : names::all_syscall_names(abi.arch())) {
    const auto nr = abi.number(call);
    if (!nr) continue;
    for (std::size_t argument = 0; argument < 6; ++argument)
      if (looks_at(abi, abi.of(*nr), argument)) question(inquiry, abi, call, *nr, argument);
  }
}

std::string source_name(std::size_t word, std::endian order) {
  if (word < 2) return word == 0 ? "nr" : "arch";
  const bool low = (word % 2 == 0) == (order == std::endian::little);
  const std::string half = low ? ".lo" : ".hi";
  if (word < 4) return "ip" + half;
  return "arg" + std::to_string((word - 4) / 2) + half;
}

// Which word of the input was in A when a run came to an instruction.
class Source : public engine::Observer {
 public:
  Source(const verify::Program& program, std::size_t at) : program_(program), at_(at) {}

  void on_instruction(const engine::State& state) override {
    if (state.pc == at_) met_ = held_;
    const bpf::Opcode& opcode = program_.opcode(state.pc);
    if (opcode.operation == bpf::Operation::Txa) held_.reset();
    if (opcode.operation != bpf::Operation::Ld) return;
    held_.reset();
    if (opcode.operand == bpf::Operand::Word) held_ = program_[state.pc].k / 4;
  }
  std::optional<std::size_t> met() const { return met_; }

 private:
  const verify::Program& program_;
  std::size_t at_;
  std::optional<std::size_t> held_;
  std::optional<std::size_t> met_;
};

// Inputs that bring different words to the comparison, by the word.
std::map<std::size_t, Words> inputs_by_source(const Inquiry& inquiry, std::size_t filter,
                                              std::size_t pc, const symbolic::Analysis& analysis) {
  const verify::Program& program = inquiry.programs()[filter];
  std::map<std::size_t, Words> result;
  for (const auto& edge : analysis.edges()) {
    if (edge.to > pc || result.size() > 1) break;
    const auto words = analysis.witness(edge);
    if (!words) continue;
    Source source(program, pc);
    inquiry.stack()[filter].observe(*words, source);
    if (source.met()) result.try_emplace(*source.met(), *words);
  }
  return result;
}

void ask_mixed(const Inquiry& inquiry, std::size_t filter) {
  const symbolic::Analysis* const analysis = inquiry.analysis(filter);
  if (analysis == nullptr) return;
  const verify::Program& program = inquiry.programs()[filter];
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    if (!bpf::is_branch(program.opcode(pc).operation) || !analysis->reachable(pc)) continue;
    if (analysis->a_at(pc).words.size() < 2) continue;
    const auto inputs = inputs_by_source(inquiry, filter, pc, *analysis);
    if (inputs.size() < 2) continue;
    std::vector<std::string> names;
    std::vector<Exhibit> exhibits;
    for (const auto& [word, words] : inputs) {
      names.push_back(source_name(word, seccomp::byte_order(words[1])));
      exhibits.push_back(inquiry.exhibit("brings " + names.back() + " there", words));
    }
    Finding finding = inquiry.finding(
        "mixed-sources", "filter " + std::to_string(filter) + " insn " + std::to_string(pc),
        "the comparison meets " + listed(names) + ", depending on the path");
    finding.location = {filter, pc, 1, inquiry.target().filters[filter].name, std::nullopt};
    finding.evidence.calls = std::move(exhibits);
    inquiry.report(std::move(finding));
    return;  // the first of a filter: what follows is usually its echo
  }
}

}  // namespace

void ask_arguments(const Inquiry& inquiry) {
  for (const auto& abi : inquiry.abis()) {
    if (abi->arch() == Arch::x32) continue;  // the table of widths is that of plain calls
    if (inquiry.wanted("argument-equivalence")) ask_equivalence(inquiry, *abi);
    if (abi->is_64_bit() && inquiry.wanted("wide-value-half-compared"))
      ask_each(inquiry, *abi, ask_half);
    if (inquiry.wanted("halves-swapped")) ask_each(inquiry, *abi, ask_swapped);
    if (inquiry.wanted("pointer-compared")) ask_each(inquiry, *abi, ask_pointer);
  }
  if (!inquiry.wanted("mixed-sources")) return;
  for (std::size_t i = 0; i < inquiry.programs().size(); ++i) ask_mixed(inquiry, i);
}

}  // namespace assay::audit
