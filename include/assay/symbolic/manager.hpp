// Owns the diagrams of one analysis: every Condition and VerdictFunction belongs to the
// Manager that made it, and only those of one manager can be combined or compared.
//
// One manager for one thread; analyses in parallel have one each. A manager must outlive what
// it made. When its budget is used up exhausted() stays true, and no answer derived from it
// may be used: functions that answer for good return tl::expected<..., NotDecided>.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "assay/symbolic/budget.hpp"
#include "assay/symbolic/order.hpp"

namespace assay::symbolic {

class Diagram;
class ValueDiagram;
struct Word;
class Condition;
class VerdictFunction;

class Manager {
 public:
  explicit Manager(const Order& order, const Budget& budget = {});
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  const Order& order() const { return order_; }

  // Whether they are the same function. Both must be of this manager.
  bool equal(const Condition& a, const Condition& b) const;
  bool equal(const VerdictFunction& a, const VerdictFunction& b) const;

  bool exhausted() const;
  NotDecided not_decided() const;  // why, when it is
  Counters counters() const;
  std::size_t bytes() const;

  // What is wrong with the arenas, if anything: order, reduction, sharing, complement edges.
  std::optional<std::string> check() const;

  // For the sources of this room.
  Diagram& diagram() { return *diagram_; }
  ValueDiagram& values() { return *values_; }
  using Inputs = std::array<Word, seccomp::data_words>;  // the words, as plain variables
  const Inputs& inputs() const;

 private:
  Order order_;
  std::unique_ptr<Diagram> diagram_;
  std::unique_ptr<ValueDiagram> values_;
  std::unique_ptr<Inputs> inputs_;
};

}  // namespace assay::symbolic
