// An object of a profile, read field by field as the Go programs do that own the formats: keys
// in any case, the last of doubles counts, unknown keys count for nothing. What would pass
// silently there is a finding here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/profile/finding.hpp"
#include "profile/json.hpp"

namespace assay::profile {

// What reading one text has met: the first error, which is what counts, and the findings.
struct Reports {
  std::optional<ReadError> error;
  Findings findings;

  void fail(Place place, std::string found, std::string expected, std::string suggestion = {}) {
    if (!error)
      error = ReadError{place, std::move(found), std::move(expected), std::move(suggestion)};
  }
  void note(FindingKind kind, Severity severity, Place place, std::string message) {
    findings.push_back({kind, severity, place, std::move(message)});
  }
};

class JsonObject {
 public:
  // Anything but an object is an error, and reads as an empty one.
  JsonObject(const JsonValue& value, std::string_view what, Reports& reports);

  Place place() const { return value_->place; }
  // Each counts as known from then on; null is as good as absent.
  const JsonValue* find(std::string_view key);
  std::optional<std::string> text(std::string_view key);
  std::optional<std::uint64_t> natural(std::string_view key, std::uint64_t most = ~0ULL);
  const std::vector<JsonValue>* list(std::string_view key);
  std::vector<std::string> texts(std::string_view key);

  Place place_of(std::string_view key);  // of its value, else of the object

  // Keys that nothing asked for, but for those that start with one of these.
  void report_unknown() const;

 private:
  const JsonValue* of_kind(std::string_view key, JsonValue::Kind kind);

  const JsonValue* value_;
  std::string what_;
  Reports* reports_;
  std::vector<std::string_view> known_;
};

bool same_key(std::string_view a, std::string_view b);  // in any case

}  // namespace assay::profile
