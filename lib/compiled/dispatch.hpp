// Lays out the tables of a CompiledFilter: which slot each (arch, nr) has, and the walk behind.
#pragma once

#include <unordered_map>

#include "assay/compiled/comparisons.hpp"
#include "assay/compiled/compiled_filter.hpp"

namespace assay::compiled {

class Dispatch {
 public:
  explicit Dispatch(CompiledFilter& filter) : filter_(filter) {}

  void build(const symbolic::ValueTable& table);
  // The slots of the arches that records have most, from scopes_ and arches_.
  void fill_rows();

 private:
  using Place = symbolic::ValueTable::Place;
  class Walk;

  std::uint32_t scope_at(std::uint32_t arch) const;
  std::vector<std::uint32_t> arches_with_rows() const;
  std::size_t rows_apart(const std::vector<std::uint32_t>& arches, std::uint64_t factor) const;
  std::uint64_t best_factor(const std::vector<std::uint32_t>& arches) const;

  CompiledFilter& filter_;
};

}  // namespace assay::compiled
