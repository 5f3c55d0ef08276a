#include "profile/json_object.hpp"

#include <algorithm>
#include <cctype>

#include "assay/names/nearest.hpp"
#include "assay/text/printable.hpp"

namespace assay::profile {
namespace {

const JsonValue nothing{JsonValue::Kind::Object, {}, {}, {}, {}, {}};

std::string shown(const JsonValue& value) {
  if (value.kind == JsonValue::Kind::Text) return "'" + text::printable(value.text, 40) + "'";
  if (value.kind == JsonValue::Kind::Number || value.kind == JsonValue::Kind::Boolean)
    return value.text;
  return std::string(name(value.kind));
}

}  // namespace

bool same_key(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

JsonObject::JsonObject(const JsonValue& value, std::string_view what, Reports& reports)
    : value_(&value), what_(what), reports_(&reports) {
  if (value.kind == JsonValue::Kind::Object) return;
  reports.fail(value.place, shown(value), what_ + ", which is an object");
  value_ = &nothing;
}

const JsonValue* JsonObject::find(std::string_view key) {
  known_.push_back(key);
  const JsonMember* found = nullptr;
  for (const JsonMember& member : value_->members) {
    if (!same_key(member.key, key)) continue;
    if (found != nullptr)
      reports_->note(FindingKind::Duplicate, Severity::Warning, member.place,
                     "'" + std::string(key) + "' again: the last one counts");
    found = &member;
  }
  if (found == nullptr || found->value.kind == JsonValue::Kind::Null) return nullptr;
  return &found->value;
}

const JsonValue* JsonObject::of_kind(std::string_view key, JsonValue::Kind kind) {
  const JsonValue* value = find(key);
  if (value == nullptr || value->kind == kind) return value;
  reports_->fail(value->place, std::string(key) + ": " + shown(*value), std::string(name(kind)));
  return nullptr;
}

std::optional<std::string> JsonObject::text(std::string_view key) {
  const JsonValue* value = of_kind(key, JsonValue::Kind::Text);
  if (value == nullptr) return std::nullopt;
  return value->text;
}

std::optional<std::uint64_t> JsonObject::natural(std::string_view key, std::uint64_t most) {
  const JsonValue* value = of_kind(key, JsonValue::Kind::Number);
  if (value == nullptr) return std::nullopt;
  if (value->natural && *value->natural <= most) return value->natural;
  reports_->fail(value->place, std::string(key) + ": " + value->text,
                 "a whole number from 0 to " + std::to_string(most));
  return std::nullopt;
}

const std::vector<JsonValue>* JsonObject::list(std::string_view key) {
  const JsonValue* value = of_kind(key, JsonValue::Kind::Array);
  return value == nullptr ? nullptr : &value->items;
}

std::vector<std::string> JsonObject::texts(std::string_view key) {
  std::vector<std::string> result;
  const auto* items = list(key);
  if (items == nullptr) return result;
  for (const JsonValue& item : *items) {
    if (item.kind != JsonValue::Kind::Text)
      reports_->fail(item.place, std::string(key) + ": " + shown(item), "a list of texts");
    result.push_back(item.text);
  }
  return result;
}

Place JsonObject::place_of(std::string_view key) {
  const JsonValue* value = find(key);
  return value == nullptr ? value_->place : value->place;
}

void JsonObject::report_unknown() const {
  for (const JsonMember& member : value_->members) {
    const auto same = [&](std::string_view key) { return same_key(key, member.key); };
    if (std::any_of(known_.begin(), known_.end(), same)) continue;
    const auto near = names::nearest(member.key, known_);
    reports_->note(FindingKind::Ignored, near ? Severity::Warning : Severity::Note, member.place,
                   "'" + text::printable(member.key, 40) + "' is no field of " + what_ +
                       (near ? " (did you mean '" + std::string(*near) + "'?)" : "") + ": ignored");
  }
}

}  // namespace assay::profile
