// Where something stands in the texts that a profile was read from.
#pragma once

#include <cstdint>

namespace assay::profile {

struct Place {
  std::uint32_t file = 0;    // of Profile::files
  std::uint32_t line = 0;    // from 1; 0: not from a text
  std::uint32_t column = 0;  // from 1, in bytes; 0: the whole line
  friend constexpr bool operator==(const Place&, const Place&) = default;
};

}  // namespace assay::profile
