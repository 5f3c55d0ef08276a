#include "assay/shard/share.hpp"

#include <charconv>

namespace assay::shard {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || last != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Share> parse_share(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto index = number(text.substr(0, slash));
  const auto count = number(text.substr(slash + 1));
  if (!index || !count || *count == 0 || *count > most_shares || *index > *count)
    return std::nullopt;
  return Share{*index % *count, *count};
}

std::string to_string(const Share& share) {
  return std::to_string(share.index) + "/" + std::to_string(share.count);
}

}  // namespace assay::shard
