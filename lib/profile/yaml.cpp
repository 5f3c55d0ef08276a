#include "profile/yaml.hpp"

#include <yaml.h>

#include <charconv>
#include <map>
#include <optional>

#include "assay/text/printable.hpp"

namespace assay::profile {
namespace {

using Kind = JsonValue::Kind;

std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view()
                         : std::string_view(reinterpret_cast<const char*>(text));
}

// An event of libyaml, which wants to be deleted.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event_); }
  bool parse(yaml_parser_t& parser) { return yaml_parser_parse(&parser, &event_) != 0; }
  const yaml_event_t& operator*() const { return event_; }
  const yaml_event_t* operator->() const { return &event_; }

 private:
  yaml_event_t event_{};
};

class Parser {
 public:
  explicit Parser(std::string_view text) {
    sound_ = yaml_parser_initialize(&parser_) != 0;
    if (sound_)
      yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                   text.size());
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() {
    if (sound_) yaml_parser_delete(&parser_);
  }
  bool next(Event& event) { return sound_ && event.parse(parser_); }
  std::string problem() const {
    return parser_.problem == nullptr ? "text that libyaml cannot read" : parser_.problem;
  }
  // A problem of the encoding has an offset alone.
  yaml_mark_t mark() const { return parser_.problem_mark; }

 private:
  yaml_parser_t parser_{};
  bool sound_ = false;
};

std::optional<std::uint64_t> natural(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with("0o")) {
    base = 8;
    text.remove_prefix(2);
  }
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value, base);
  if (text.empty() || error != std::errc{} || at != end) return std::nullopt;
  return value;
}

bool is_number(std::string_view text) {
  double value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  const bool digits = text.find_first_of("0123456789") != text.npos;
  return digits && error != std::errc::invalid_argument && at == end;
}

Kind kind_of_plain(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return Kind::Null;
  for (const std::string_view word : {"true", "True", "TRUE", "false", "False", "FALSE"})
    if (text == word) return Kind::Boolean;
  return natural(text) || is_number(text) ? Kind::Number : Kind::Text;
}

class TreeBuilder {
 public:
  explicit TreeBuilder(std::uint32_t file) : file_(file) {}

  bool take(const yaml_event_t& event) {
    const Place place = place_of(event.start_mark);
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT: return open_document(place);
      case YAML_MAPPING_START_EVENT:
        return open({Kind::Object, place, {}, {}, {}, {}},
                    text_of(event.data.mapping_start.anchor));
      case YAML_SEQUENCE_START_EVENT:
        return open({Kind::Array, place, {}, {}, {}, {}},
                    text_of(event.data.sequence_start.anchor));
      case YAML_SCALAR_EVENT: return add(scalar(event, place), text_of(event.data.scalar.anchor));
      case YAML_ALIAS_EVENT: return alias(text_of(event.data.alias.anchor), place);
      case YAML_MAPPING_END_EVENT:
      case YAML_SEQUENCE_END_EVENT: return close();
      default: return true;
    }
  }

  Place place_of(const yaml_mark_t& mark) const {
    return {file_, static_cast<std::uint32_t>(mark.line + 1),
            static_cast<std::uint32_t>(mark.column + 1)};
  }

  const std::optional<ReadError>& error() const { return error_; }
  std::vector<JsonValue> documents() && { return std::move(documents_); }

 private:
  struct Open {
    JsonValue value;
    std::string anchor;
    std::optional<JsonMember> member;  // whose value comes next
  };

  bool fail(Place place, std::string found, std::string expected) {
    error_ = ReadError{place, std::move(found), std::move(expected), {}};
    return false;
  }

  bool open_document(Place place) {
    anchors_.clear();
    return documents_.size() < yaml_documents ||
           fail(place, "more documents", "at most " + std::to_string(yaml_documents));
  }

  static JsonValue scalar(const yaml_event_t& event, Place place) {
    JsonValue value;
    value.place = place;
    value.text.assign(reinterpret_cast<const char*>(event.data.scalar.value),
                      event.data.scalar.length);
    const bool plain = event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    value.kind = plain ? kind_of_plain(value.text) : Kind::Text;
    if (value.kind == Kind::Number) value.natural = natural(value.text);
    return value;
  }

  bool open(JsonValue value, std::string_view anchor) {
    if (open_.size() == json_depth)
      return fail(value.place, "deeper nesting",
                  "at most " + std::to_string(json_depth) + " levels");
    if (waits_for_key()) return fail(value.place, std::string(name(value.kind)), "a key");
    open_.push_back({std::move(value), std::string(anchor), {}});
    return true;
  }

  bool waits_for_key() const {
    return !open_.empty() && open_.back().value.kind == Kind::Object && !open_.back().member;
  }

  bool close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    return add(std::move(done.value), done.anchor);
  }

  bool alias(std::string_view anchor, Place place) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      return fail(place, "*" + text::printable(anchor, 60), "an anchor that stands above");
    JsonValue copy = found->second;
    values_ += size_of(copy);
    return add(std::move(copy), {});
  }

  static std::size_t size_of(const JsonValue& value) {
    std::size_t size = 1;
    for (const JsonValue& item : value.items) size += size_of(item);
    for (const JsonMember& member : value.members) size += size_of(member.value);
    return size;
  }

  bool add(JsonValue value, std::string_view anchor) {
    if (++values_ > json_values)
      return fail(value.place, "more values", "at most " + std::to_string(json_values));
    if (!anchor.empty()) {
      values_ += size_of(value);  // kept twice
      anchors_[std::string(anchor)] = value;
    }
    if (open_.empty()) {
      documents_.push_back(std::move(value));
      return true;
    }
    Open& parent = open_.back();
    if (parent.value.kind == Kind::Array) {
      parent.value.items.push_back(std::move(value));
    } else if (!parent.member) {
      if (value.kind == Kind::Object || value.kind == Kind::Array)
        return fail(value.place, std::string(name(value.kind)), "a key");
      parent.member = JsonMember{std::move(value.text), value.place, {}};
    } else {
      parent.member->value = std::move(value);
      parent.value.members.push_back(std::move(*parent.member));
      parent.member.reset();
    }
    return true;
  }

  std::uint32_t file_;
  std::vector<JsonValue> documents_;
  std::vector<Open> open_;
  std::map<std::string, JsonValue, std::less<>> anchors_;
  std::size_t values_ = 0;
  std::optional<ReadError> error_;
};

}  // namespace

tl::expected<std::vector<JsonValue>, ReadError> parse_yaml(std::string_view text,
                                                           std::uint32_t file) {
  if (text.size() > profile_limit)
    return tl::unexpected(ReadError{{file, 0, 0},
                                    std::to_string(text.size()) + " bytes",
                                    "at most " + std::to_string(profile_limit),
                                    {}});
  Parser parser(text);
  TreeBuilder tree(file);
  for (;;) {
    Event event;
    if (!parser.next(event))
      return tl::unexpected(ReadError{tree.place_of(parser.mark()), parser.problem(), "YAML", {}});
    if (event->type == YAML_STREAM_END_EVENT) return std::move(tree).documents();
    if (!tree.take(*event)) return tl::unexpected(*tree.error());
  }
}

}  // namespace assay::profile
