#include "assay/names/constants.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace assay::names {
namespace {

constexpr auto rows = std::to_array<Constant>({
#include "constants.inc"
});

// Row numbers in the order of the names.
constexpr auto by_name = [] {
  std::array<std::uint16_t, rows.size()> order{};
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint16_t>(i);
  std::sort(order.begin(), order.end(),
            [](std::size_t a, std::size_t b) { return rows[a].name < rows[b].name; });
  return order;
}();
static_assert(std::adjacent_find(by_name.begin(), by_name.end(),
                                 [](std::size_t a, std::size_t b) {
                                   return rows[a].name == rows[b].name;
                                 }) == by_name.end(),
              "constants.tsv has a name twice");

}  // namespace

std::optional<std::int64_t> constant_value(std::string_view name) {
  const auto found = std::lower_bound(
      by_name.begin(), by_name.end(), name,
      [](std::size_t row, std::string_view wanted) { return rows[row].name < wanted; });
  if (found == by_name.end() || rows[*found].name != name) return std::nullopt;
  return rows[*found].value;
}

std::optional<std::string_view> constant_name(std::string_view group, std::int64_t value) {
  for (const Constant& row : constants_of(group)) {
    if (row.value == value) return row.name;
  }
  return std::nullopt;
}

std::span<const Constant> constants_of(std::string_view group) {
  const auto in_group = [&](const Constant& row) { return row.group == group; };
  const auto first = std::find_if(rows.begin(), rows.end(), in_group);
  const auto last = std::find_if_not(first, rows.end(), in_group);
  return {first, last};
}

std::span<const Constant> all_constants() { return rows; }

}  // namespace assay::names
