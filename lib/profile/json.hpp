// JSON as a tree that knows where each value stands, from text that may be hostile: nesting
// and the number of values are bounded, nothing recurses on the text's behalf.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/profile/profile.hpp"

namespace assay::profile {

struct JsonMember;

struct JsonValue {
  enum class Kind : std::uint8_t { Null, Boolean, Number, Text, Array, Object };
  Kind kind = Kind::Null;
  Place place;                           // of the value's first line
  std::string text;                      // of a text its content, else as it is written
  std::optional<std::uint64_t> natural;  // of a number without sign, point and exponent
  std::vector<JsonValue> items;
  std::vector<JsonMember> members;  // in the order of the text, doubles included
};

struct JsonMember {
  std::string key;
  Place place;
  JsonValue value;
};

inline constexpr std::size_t json_depth = 64;
inline constexpr std::size_t json_values = 400'000;

struct JsonText {
  JsonValue root;
  bool comments = false;  // it has some, which no standard reader takes
};

tl::expected<JsonText, ReadError> parse_json(std::string_view text, std::uint32_t file = 0);

// "an object", "a number"
std::string_view name(JsonValue::Kind kind);

}  // namespace assay::profile
