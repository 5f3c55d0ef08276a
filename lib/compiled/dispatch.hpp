// Lays out the tables of a CompiledFilter: which slot each (arch, nr) has.
#pragma once

#include <functional>
#include <span>

#include "assay/compiled/comparisons.hpp"
#include "assay/compiled/compiled_filter.hpp"

namespace assay::compiled {

class Dispatch {
 public:
  explicit Dispatch(CompiledFilter& filter) : filter_(filter) {}

  void build(const symbolic::ValueTable& table);

  // Arches with a gate of their own: looked up without a search.
  void open_gates();

 private:
  using Place = symbolic::ValueTable::Place;
  struct Part {  // the values of a word up to `last`
    std::uint32_t last;
    Place place;
  };
  static std::vector<Part> parts_of(const symbolic::ValueTable& table, Place place,
                                    std::uint8_t word, std::size_t most);
  std::uint32_t scope_of(const symbolic::ValueTable& table, Comparisons& comparisons, Place place);
  CompiledFilter::Window window(const CompiledFilter::Scope& scope, std::uint32_t first);
  CompiledFilter::Slot slot_of(const Comparisons& comparisons, Target target) const;

  CompiledFilter& filter_;
};

}  // namespace assay::compiled
