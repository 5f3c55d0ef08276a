// Functions of up to twelve variables as lists of their answers: slow, and plainly right.
#pragma once

#include <bitset>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "assay/sample/random.hpp"
#include "symbolic/diagram.hpp"

namespace assay::symbolic::test {

inline constexpr std::size_t most_variables = 12;
inline constexpr std::size_t table_rows = std::size_t{1} << most_variables;
// Row i has the answer for the assignment in which variable v is bit v of i.
using Table = std::bitset<table_rows>;

inline Table table_of_variable(std::size_t variable) {
  Table result;
  for (std::size_t row = 0; row < table_rows; ++row) result[row] = (row >> variable & 1) != 0;
  return result;
}

// The variables of a table, each at a level of a diagram.
struct Variables {
  explicit Variables(std::vector<std::uint32_t> rising_levels) : levels(std::move(rising_levels)) {
    for (std::size_t v = 0; v < levels.size(); ++v) tables.push_back(table_of_variable(v));
  }
  std::size_t at(std::uint32_t level) const {
    std::size_t v = 0;
    while (levels[v] != level) ++v;
    return v;
  }
  std::vector<std::uint32_t> levels;
  std::vector<Table> tables;
};

// Rising levels below `limit`.
inline Variables drawn_variables(sample::Random& random, std::size_t count, std::uint32_t limit) {
  std::vector<std::uint32_t> levels;
  std::uint32_t left = static_cast<std::uint32_t>(count);
  for (std::uint32_t level = 0; level < limit && left != 0; ++level)
    if (random.below(limit - level) < left) {
      levels.push_back(level);
      --left;
    }
  return Variables(std::move(levels));
}

// What a diagram's function answers.
class Tabulation {
 public:
  Tabulation(const Diagram& diagram, const Variables& variables)
      : diagram_(diagram), variables_(variables) {}

  Table of(Edge f) {
    if (f == yes) return Table().set();
    if (f == no) return {};
    const auto known = done_.find(f.hash());
    if (known != done_.end()) return known->second;
    const Table& variable = variables_.tables[variables_.at(diagram_.level(f))];
    const Table result = (variable & of(diagram_.high(f))) | (~variable & of(diagram_.low(f)));
    return done_.emplace(f.hash(), result).first->second;
  }

 private:
  const Diagram& diagram_;
  const Variables& variables_;
  std::unordered_map<std::uint32_t, Table> done_;
};

struct Function {
  Edge edge;
  Table table;
};

// The constants and variables, then `more` functions, each made of earlier ones.
inline std::vector<Function> drawn_functions(sample::Random& random, Diagram& diagram,
                                             const Variables& variables, std::size_t more) {
  std::vector<Function> pool{{yes, Table().set()}, {no, {}}};
  for (std::size_t v = 0; v < variables.levels.size(); ++v)
    pool.push_back({diagram.variable(variables.levels[v]), variables.tables[v]});
  for (std::size_t i = 0; i < more; ++i) {
    const Function f = random.pick(pool);
    const Function g = random.pick(pool);
    const Function h = random.pick(pool);
    switch (random.below(5)) {
      case 0: pool.push_back({diagram.conjunction(f.edge, g.edge), f.table & g.table}); break;
      case 1: pool.push_back({diagram.disjunction(f.edge, g.edge), f.table | g.table}); break;
      case 2: pool.push_back({diagram.exclusive(f.edge, g.edge), f.table ^ g.table}); break;
      case 3: pool.push_back({!f.edge, ~f.table}); break;
      default:
        pool.push_back(
            {diagram.choice(f.edge, g.edge, h.edge), (f.table & g.table) | (~f.table & h.table)});
    }
  }
  return pool;
}

}  // namespace assay::symbolic::test
