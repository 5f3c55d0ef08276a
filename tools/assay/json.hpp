// JSON as assay writes it: one object a line, its fields in the order of the documents, each
// object naming the version and the semantics it was made with.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "assay/seccomp/semantics.hpp"

namespace assay::tool {

using Json = nlohmann::ordered_json;

inline constexpr std::string_view version = ASSAY_VERSION;

// The start of every object.
Json json_document(const seccomp::Semantics& semantics);

// One line. Bytes that are no UTF-8 (a file name, a comm) become U+FFFD.
std::string json_line(const Json& document);

}  // namespace assay::tool
