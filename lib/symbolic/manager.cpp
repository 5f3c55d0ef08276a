#include "assay/symbolic/manager.hpp"

#include <cassert>

#include "assay/symbolic/condition.hpp"
#include "assay/symbolic/verdict_function.hpp"
#include "symbolic/value_diagram.hpp"

namespace assay::symbolic {

Manager::Manager(const Order& order, const Budget& budget)
    : order_(order),
      diagram_(std::make_unique<Diagram>(budget)),
      values_(std::make_unique<ValueDiagram>(*diagram_)),
      inputs_(std::make_unique<Inputs>()) {
  for (std::size_t word = 0; word < inputs_->size(); ++word)
    for (std::size_t bit = 0; bit < 32; ++bit)
      (*inputs_)[word].bits[bit] = diagram_->variable(order.level(word, bit));
}

Manager::~Manager() = default;

const Manager::Inputs& Manager::inputs() const { return *inputs_; }

bool Manager::equal(const Condition& a, const Condition& b) const {
  assert(&a.manager() == this && &b.manager() == this);
  return a.edge() == b.edge();
}

bool Manager::equal(const VerdictFunction& a, const VerdictFunction& b) const {
  assert(&a.manager() == this && &b.manager() == this);
  return a.root() == b.root();
}

bool Manager::exhausted() const { return diagram_->exhausted(); }
NotDecided Manager::not_decided() const { return diagram_->not_decided(); }
Counters Manager::counters() const { return diagram_->counters(); }
std::size_t Manager::bytes() const { return diagram_->bytes() + values_->bytes(); }

std::optional<std::string> Manager::check() const {
  if (auto fault = diagram_->check()) return fault;
  return values_->check();
}

}  // namespace assay::symbolic
