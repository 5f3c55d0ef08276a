// YAML as the same tree as JSON, a value for each document: bounded like it, aliases copied
// within the bound, so that a "billion laughs" ends in an error.
//
// Plain scalars are null, booleans and numbers as in YAML's core schema; what is quoted is text.
// Of every scalar `text` is what was written.
#pragma once

#include "profile/json.hpp"

namespace assay::profile {

inline constexpr std::size_t yaml_documents = 10'000;

tl::expected<std::vector<JsonValue>, ReadError> parse_yaml(std::string_view text,
                                                           std::uint32_t file = 0);

}  // namespace assay::profile
