// One pass finds what A holds at each instruction, one cuts the program into runs, one joins
// runs into nodes, and one walks each node with the values that are still possible.
//
// A run joins the node of its predecessors when it is nothing but a comparison of the same
// field with a constant, loaded anew or not, and can be entered from that node alone. All jumps
// go forward, so that in rising order the predecessors of a run are already in their nodes. A run
// that only loads and goes on is no node: it belongs to what it leads to.
#include "assay/report/flow_graph.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace assay::report {
namespace {

using bpf::Operand;
using bpf::Operation;
using verify::Program;

constexpr std::uint32_t all_bits = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t none = FlowGraph::no_node;

// What a register holds: a word of the input, some bits of one, or anything.
struct Content {
  std::size_t word = none;
  std::uint32_t mask = all_bits;
  bool known() const { return word != none; }
  friend bool operator==(const Content&, const Content&) = default;
};

struct Machine {
  bool reached = false;
  Content a;
  Content x;
  std::array<Content, bpf::scratch_words> m;

  void merge(const Machine& other) {
    if (!reached) {
      *this = other;
      return;
    }
    const auto meet = [](Content& mine, const Content& theirs) {
      if (!(mine == theirs)) mine = {};
    };
    meet(a, other.a);
    meet(x, other.x);
    for (std::size_t i = 0; i < m.size(); ++i) meet(m[i], other.m[i]);
  }
};

void execute(const bpf::Instruction& insn, const bpf::Opcode& opcode, Machine& state) {
  switch (opcode.operation) {
    case Operation::Ld:
      state.a = opcode.operand == Operand::Word      ? Content{insn.k / 4}
                : opcode.operand == Operand::Scratch ? state.m[insn.k]
                                                     : Content{};
      return;
    case Operation::Ldx:
      state.x = opcode.operand == Operand::Scratch ? state.m[insn.k] : Content{};
      return;
    case Operation::St: state.m[insn.k] = state.a; return;
    case Operation::Stx: state.m[insn.k] = state.x; return;
    case Operation::Tax: state.x = state.a; return;
    case Operation::Txa: state.a = state.x; return;
    case Operation::And:
      if (opcode.operand == Operand::Immediate && state.a.known()) {
        state.a.mask &= insn.k;
        return;
      }
      state.a = {};
      return;
    default:
      if (bpf::is_arithmetic(opcode.operation)) state.a = {};
  }
}

// A comparison whose outcome splits the values of A into ranges.
bool splits(const bpf::Opcode& opcode) {
  return opcode.operand == Operand::Immediate &&
         (opcode.operation == Operation::Jeq || opcode.operation == Operation::Jgt ||
          opcode.operation == Operation::Jge);
}

// Disjoint ranges, rising, no two of which touch.
using Values = std::vector<ValueRange>;

std::uint64_t size(const Values& values) {
  std::uint64_t sum = 0;
  for (const ValueRange& range : values) sum += std::uint64_t{range.last} - range.first + 1;
  return sum;
}

void unite(Values& values, const Values& more) {
  Values all;
  all.reserve(values.size() + more.size());
  std::merge(values.begin(), values.end(), more.begin(), more.end(), std::back_inserter(all),
             [](const ValueRange& a, const ValueRange& b) { return a.first < b.first; });
  values.clear();
  for (const ValueRange& range : all) {
    if (!values.empty() && std::uint64_t{values.back().last} + 1 >= range.first) {
      values.back().last = std::max(values.back().last, range.last);
    } else {
      values.push_back(range);
    }
  }
}

// Takes first..last out of `values` and returns it.
Values cut(Values& values, std::uint32_t first, std::uint32_t last) {
  Values inside;
  Values outside;
  for (const ValueRange& range : values) {
    const std::uint32_t from = std::max(range.first, first);
    const std::uint32_t to = std::min(range.last, last);
    if (from > to) {
      outside.push_back(range);
      continue;
    }
    inside.push_back({from, to});
    if (range.first < from) outside.push_back({range.first, from - 1});
    if (to < range.last) outside.push_back({to + 1, range.last});
  }
  values = std::move(outside);
  return inside;
}

class Maker {
 public:
  explicit Maker(const Program& program)
      : program_(program),
        states_(program.size()),
        before_(program.size()),
        last_of_(program.size(), none),
        passes_to_(program.size(), none),
        sources_(program.size()) {}

  FlowGraph make() {
    follow_states();
    find_runs();
    graph_.node_of.assign(program_.size(), none);
    grow_nodes();
    give_away_passages();
    for (FlowNode& node : graph_.nodes) find_ways(node);
    if (graph_.nodes.empty()) graph_.returns_at = settled(0);
    return std::move(graph_);
  }

 private:
  const bpf::Opcode& opcode(std::size_t pc) const { return program_.opcode(pc); }
  Operation operation(std::size_t pc) const { return opcode(pc).operation; }

  std::size_t target(std::size_t pc, bool taken) const {
    return pc + 1 + (taken ? program_[pc].jt : program_[pc].jf);
  }

  // Where control is after jumps without a condition.
  std::size_t landed(std::size_t pc) const {
    while (operation(pc) == Operation::Ja) pc += std::size_t{program_[pc].k} + 1;
    return pc;
  }

  // The same, past runs that only load.
  std::size_t settled(std::size_t pc) const {
    pc = landed(pc);
    while (passes_to_[pc] != none) pc = passes_to_[pc];
    return pc;
  }

  std::vector<std::size_t> successors(std::size_t pc) const {
    if (bpf::is_branch(operation(pc))) return {target(pc, true), target(pc, false)};
    if (operation(pc) == Operation::Ret) return {};
    if (operation(pc) == Operation::Ja) return {pc + 1 + program_[pc].k};
    return {pc + 1};
  }

  void follow_states() {
    states_[0].reached = true;
    for (std::size_t pc = 0; pc < program_.size(); ++pc) {
      if (!states_[pc].reached) continue;
      Machine after = states_[pc];
      execute(program_[pc], opcode(pc), after);
      for (const std::size_t next : successors(pc)) {
        states_[next].merge(after);
        before_[next] = std::max(before_[next], before_[pc] + 1);
      }
    }
  }

  // A run begins at the entry, behind and at the target of a jump.
  void find_runs() {
    std::vector<bool> begins(program_.size());
    begins[landed(0)] = true;
    for (std::size_t pc = 0; pc < program_.size(); ++pc) {
      if (!states_[pc].reached || !bpf::is_jump(operation(pc))) continue;
      for (const std::size_t next : successors(pc)) begins[landed(next)] = true;
    }
    // From behind, so that what a passage leads to is known.
    for (std::size_t pc = program_.size(); pc-- > 0;) {
      if (!begins[pc] || !states_[pc].reached) continue;
      std::size_t last = pc;
      while (!bpf::is_jump(operation(last)) && operation(last) != Operation::Ret &&
             !begins[last + 1])
        ++last;
      last_of_[pc] = last;
      if (is_passage(pc, last)) passes_to_[pc] = settled(successors(last).front());
    }
  }

  bool is_passage(std::size_t pc, std::size_t last) const {
    for (; pc <= last; ++pc)
      if (operation(pc) != Operation::Ld && operation(pc) != Operation::Ja) return false;
    return true;
  }

  void grow_nodes() {
    for (std::size_t pc = 0; pc < program_.size(); ++pc) {
      const std::size_t last = last_of_[pc];
      if (last == none || passes_to_[pc] != none || operation(pc) == Operation::Ret) continue;
      const std::size_t joined = node_to_join(pc, last);
      const std::size_t at = joined == none ? open_node(pc, last) : joined;
      for (std::size_t i = pc; i <= last; ++i) {
        if (operation(i) == Operation::Ja) continue;  // others may land on it too
        graph_.nodes[at].insns.push_back(i);
        graph_.node_of[i] = at;
      }
      for (const std::size_t next : successors(last)) sources_[settled(next)].push_back(at);
    }
  }

  void give_away_passages() {
    for (std::size_t pc = 0; pc < program_.size(); ++pc)
      if (passes_to_[pc] != none)
        for (std::size_t i = pc; i <= last_of_[pc]; ++i)
          if (operation(i) != Operation::Ja) graph_.node_of[i] = graph_.node_of[passes_to_[pc]];
  }

  // What A holds at the end of a run.
  Content compared(std::size_t pc, std::size_t last) const {
    Machine state = states_[pc];
    for (; pc < last; ++pc) execute(program_[pc], opcode(pc), state);
    return state.a;
  }

  // A run that a return ends is a node of its own, with the return as its only way.
  std::size_t open_node(std::size_t pc, std::size_t last) {
    FlowNode node;
    node.decides = last;
    node.before = before_[pc];
    node.kind = FlowNode::Kind::Step;
    if (bpf::is_branch(operation(last))) node.kind = FlowNode::Kind::Test;
    if (const Content a = compared(pc, last); a.known()) {
      if (splits(opcode(last))) node.kind = FlowNode::Kind::Switch;
      node.word = a.word;
      node.mask = a.mask;
    }
    graph_.nodes.push_back(std::move(node));
    return graph_.nodes.size() - 1;
  }

  std::size_t node_to_join(std::size_t pc, std::size_t last) const {
    const std::vector<std::size_t>& from = sources_[pc];
    if (!splits(opcode(last)) || from.empty() || pc == settled(0)) return none;
    for (std::size_t i = pc; i < last; ++i)
      if (operation(i) != Operation::Ld && operation(i) != Operation::And) return none;
    const FlowNode& node = graph_.nodes[from.front()];
    const bool alone = std::all_of(from.begin(), from.end(),
                                   [&](std::size_t source) { return source == from.front(); });
    const bool same =
        node.kind == FlowNode::Kind::Switch && compared(pc, last) == Content{node.word, node.mask};
    return alone && same ? from.front() : none;
  }

  // A way to what begins at pc; ways to returns of one value are one.
  Way& way_to(FlowNode& node, std::size_t pc) {
    const std::size_t to = settled(pc);
    if (operation(to) != Operation::Ret) {
      const std::size_t other = graph_.node_of[to];
      for (Way& way : node.ways)
        if (way.node == other) return way;
      node.ways.push_back({.node = other});
      return node.ways.back();
    }
    for (Way& way : node.ways) {
      if (way.node || !returns_same(way.returns.front(), to)) continue;
      if (std::find(way.returns.begin(), way.returns.end(), to) == way.returns.end())
        way.returns.push_back(to);
      return way;
    }
    node.ways.push_back({.returns = {to}});
    return node.ways.back();
  }

  bool returns_same(std::size_t a, std::size_t b) const {
    return program_[a].code == program_[b].code &&
           (opcode(a).operand == Operand::A || program_[a].k == program_[b].k);
  }

  void find_ways(FlowNode& node) {
    if (node.kind == FlowNode::Kind::Switch) return find_values(node);
    if (node.kind == FlowNode::Kind::Test) {
      way_to(node, target(node.decides, true)).taken = true;
      way_to(node, target(node.decides, false));
    } else if (operation(node.decides) == Operation::Ret) {
      node.ways.push_back({.returns = {node.decides}});
    } else {
      way_to(node, successors(node.decides).front());
    }
  }

  void find_values(FlowNode& node) {
    std::map<std::size_t, Values> here{{node.insns.front(), {{0, all_bits}}}};
    const auto pass = [&](std::size_t to, const Values& values) {
      const std::size_t at = settled(to);
      const bool inside =
          graph_.node_of[at] == graph_.node_of[node.decides] && operation(at) != Operation::Ret;
      unite(inside ? here[at] : way_to(node, to).values, values);
    };
    while (!here.empty()) {
      const std::size_t pc = here.begin()->first;
      Values others = std::move(here.begin()->second);
      here.erase(here.begin());
      const std::size_t jump = last_of_[pc];
      const Values holds = split(jump, others);
      pass(target(jump, true), holds);
      pass(target(jump, false), others);
    }
    put_in_order(node);
  }

  // The values for which the comparison holds; the others stay.
  Values split(std::size_t pc, Values& values) const {
    const std::uint32_t k = program_[pc].k;
    switch (operation(pc)) {
      case Operation::Jeq: return cut(values, k, k);
      case Operation::Jge: return cut(values, k, all_bits);
      default: return k == all_bits ? Values{} : cut(values, k + 1, all_bits);
    }
  }

  static void put_in_order(FlowNode& node) {
    const auto most = std::max_element(
        node.ways.begin(), node.ways.end(),
        [](const Way& a, const Way& b) { return size(a.values) < size(b.values); });
    most->otherwise = true;
    std::stable_sort(node.ways.begin(), node.ways.end(), [](const Way& a, const Way& b) {
      if (a.otherwise != b.otherwise) return b.otherwise;
      if (a.values.empty() || b.values.empty()) return b.values.empty() && !a.values.empty();
      return a.values.front().first < b.values.front().first;
    });
  }

  const Program& program_;
  std::vector<Machine> states_;
  std::vector<std::size_t> before_;
  std::vector<std::size_t> last_of_;               // of a run, at its first instruction
  std::vector<std::size_t> passes_to_;             // where a run leads that only loads
  std::vector<std::vector<std::size_t>> sources_;  // nodes from which a run is entered
  FlowGraph graph_;
};

}  // namespace

FlowGraph flow_graph_of(const verify::Program& program) { return Maker(program).make(); }

}  // namespace assay::report
