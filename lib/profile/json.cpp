#include "profile/json.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "assay/text/printable.hpp"

namespace assay::profile {
namespace {

using Parser = nlohmann::json;

// Reads text and tells others how far it came.
class Reading {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Reading(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  Reading& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  friend bool operator==(const Reading& a, const Reading& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  const char** reached_;
};

class Events {
 public:
  Events(std::string_view text, const char** reached, std::uint32_t file)
      : text_(text), reached_(reached), counted_(text.data()), file_(file) {}

  bool null() { return add(JsonValue::Kind::Null, "null"); }
  bool boolean(bool truth) { return add(JsonValue::Kind::Boolean, truth ? "true" : "false"); }
  bool number_unsigned(Parser::number_unsigned_t number) {
    if (!add(JsonValue::Kind::Number, std::to_string(number))) return false;
    last_->natural = number;
    return true;
  }
  bool number_integer(Parser::number_integer_t number) {
    return add(JsonValue::Kind::Number, std::to_string(number));
  }
  bool number_float(Parser::number_float_t, const std::string& text) {
    return add(JsonValue::Kind::Number, text);
  }
  bool string(const std::string& text) { return add(JsonValue::Kind::Text, text); }
  bool binary(const Parser::binary_t&) { return false; }

  bool start_object(std::size_t) { return open(JsonValue::Kind::Object); }
  bool start_array(std::size_t) { return open(JsonValue::Kind::Array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(const std::string& text) {
    open_.back()->members.push_back({text, here(), {}});
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const Parser::exception&) {
    const auto at = static_cast<std::size_t>(*reached_ - text_.data());
    constexpr std::size_t shown = 20;
    const std::size_t from = at == 0 ? 0 : at - 1;
    const bool ended = from >= text_.size() || at > text_.size() || at_end_of_text(at);
    return fail(
        ended ? "the end of the text" : "'" + text::printable(text_.substr(from, shown)) + "'",
        "JSON");
  }

  JsonValue root() && { return std::move(root_); }
  const ReadError& error() const { return error_; }

 private:
  bool at_end_of_text(std::size_t at) const { return at == text_.size(); }

  bool add(JsonValue::Kind kind, std::string text) {
    if (++values_ > json_values)
      return fail("more values", "at most " + std::to_string(json_values));
    last_ = &slot();
    last_->kind = kind;
    last_->place = here(kind == JsonValue::Kind::Number);
    last_->text = std::move(text);
    return true;
  }

  bool open(JsonValue::Kind kind) {
    if (open_.size() == json_depth)
      return fail("deeper nesting", "at most " + std::to_string(json_depth) + " levels");
    if (!add(kind, {})) return false;
    open_.push_back(last_);
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  // Where the next value goes. Only the innermost open value grows, so pointers to it stay.
  JsonValue& slot() {
    if (open_.empty()) return root_;
    JsonValue& parent = *open_.back();
    if (parent.kind == JsonValue::Kind::Object) return parent.members.back().value;
    return parent.items.emplace_back();
  }

  // Of what was read last. A number is known to have ended by the character behind it.
  Place here(bool one_behind = false) {
    const char* at = *reached_ - (one_behind ? 2 : 1);
    at = std::max(at, text_.data());
    if (at < counted_) return {file_, line_, 0};
    line_ += static_cast<std::uint32_t>(std::count(counted_, at, '\n'));
    counted_ = at;
    return {file_, line_, 0};
  }

  bool fail(std::string found, std::string expected) {
    error_ = {here(), std::move(found), std::move(expected), {}};
    return false;
  }

  std::string_view text_;
  const char** reached_;
  const char* counted_;  // lines up to here
  std::uint32_t line_ = 1;
  std::uint32_t file_;
  JsonValue root_;
  JsonValue* last_ = nullptr;
  std::vector<JsonValue*> open_;
  std::size_t values_ = 0;
  ReadError error_;
};

tl::expected<JsonValue, ReadError> parse(std::string_view text, std::uint32_t file, bool comments) {
  const char* reached = text.data();
  Events events(text, &reached, file);
  const bool parsed = Parser::sax_parse(Reading(text.data(), &reached),
                                        Reading(text.data() + text.size(), &reached), &events,
                                        Parser::input_format_t::json, true, comments);
  if (!parsed) return tl::unexpected(events.error());
  return std::move(events).root();
}

}  // namespace

tl::expected<JsonText, ReadError> parse_json(std::string_view text, std::uint32_t file) {
  if (text.size() > profile_limit)
    return tl::unexpected(ReadError{{file, 0, 0},
                                    std::to_string(text.size()) + " bytes",
                                    "at most " + std::to_string(profile_limit),
                                    {}});
  if (auto root = parse(text, file, false)) return JsonText{std::move(*root), false};
  auto root = parse(text, file, true);
  if (!root) return tl::unexpected(root.error());
  return JsonText{std::move(*root), true};
}

std::string_view name(JsonValue::Kind kind) {
  constexpr auto names = std::to_array<std::string_view>(
      {"null", "true or false", "a number", "a text", "a list", "an object"});
  return names[static_cast<std::size_t>(kind)];
}

}  // namespace assay::profile
