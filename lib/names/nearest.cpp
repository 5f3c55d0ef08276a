#include "assay/names/nearest.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace assay::names {
namespace {

constexpr std::size_t longest = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Optimal string alignment distance: three rows of the usual table, the third for swaps.
std::size_t edits(std::string_view a, std::string_view b) {
  using Line = std::array<std::size_t, longest + 1>;
  Line before{}, above{}, line{};
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    line[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const char x = lower(a[i - 1]);
      const char y = lower(b[j - 1]);
      line[j] = std::min({above[j] + 1, line[j - 1] + 1, above[j - 1] + (x == y ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]);
      if (swapped) line[j] = std::min(line[j], before[j - 2] + 1);
    }
    before = above;
    above = line;
  }
  return above[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view name,
                                        std::span<const std::string_view> candidates) {
  if (name.empty() || name.size() > longest) return std::nullopt;
  std::size_t limit = std::max<std::size_t>(1, name.size() / 3);
  std::optional<std::string_view> best;
  for (const std::string_view candidate : candidates) {
    const std::size_t gap =
        std::max(name.size(), candidate.size()) - std::min(name.size(), candidate.size());
    if (candidate.size() > longest || gap > limit) continue;
    const std::size_t distance = edits(name, candidate);
    if (distance > limit || (best && distance == limit)) continue;
    best = candidate;
    limit = distance;
  }
  return best;
}

}  // namespace assay::names
