// Text from outside as it may be shown: control characters and wrong UTF-8 as \xNN.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace assay::text {

// Cut after `limit` bytes, with "..." for the rest.
std::string printable(std::string_view text, std::size_t limit = 200);

bool is_utf8(std::string_view text);

}  // namespace assay::text
