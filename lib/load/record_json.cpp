// A record from a line of JSON, through the parser's events: no tree is built, and 64-bit
// integers arrive exact.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "assay/load/input.hpp"
#include "assay/load/record.hpp"
#include "assay/names/nearest.hpp"

namespace assay::load {
namespace {

using Json = nlohmann::json;

enum class Field : std::uint8_t { Arch, Nr, Syscall, Ip, Args, Other };

// The last two are in every document that assay writes.
constexpr auto field_names =
    std::to_array<std::string_view>({"arch", "nr", "syscall", "ip", "args", "assay", "semantics"});

Field find_field(std::string_view key) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Field::Other); ++i)
    if (field_names[i] == key) return static_cast<Field>(i);
  return Field::Other;
}

// What the parser hands over, a number also as it is written.
struct Scalar {
  enum class Kind : std::uint8_t { Null, Natural, Negative, Text, Other } kind;
  std::uint64_t bits = 0;
  std::string_view text{};

  std::string written() const {
    return kind == Kind::Natural ? std::to_string(bits) : std::string(text);
  }
};

class RecordEvents {
 public:
  explicit RecordEvents(std::string_view line) : line_(line) {}

  bool null() { return value({Scalar::Kind::Null, 0, "null"}); }
  bool boolean(bool truth) { return value({Scalar::Kind::Other, 0, truth ? "true" : "false"}); }
  bool number_unsigned(Json::number_unsigned_t number) {
    return value({Scalar::Kind::Natural, number});
  }
  bool number_integer(Json::number_integer_t number) {
    const std::string text = std::to_string(number);
    return value({Scalar::Kind::Negative, static_cast<std::uint64_t>(number), text});
  }
  bool number_float(Json::number_float_t, const std::string& text) {
    return value({Scalar::Kind::Other, 0, text});
  }
  bool string(const std::string& text) { return value({Scalar::Kind::Text, 0, text}); }
  bool binary(const Json::binary_t&) { return false; }

  bool start_object(std::size_t) { return open(depth_ == 0, "an object"); }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(depth_ == 1 && field_ == Field::Args, "an array"); }
  bool end_array() { return close(); }

  bool key(const std::string& text) {
    if (depth_ > 1) return true;
    field_ = find_field(text);
    if (field_ == Field::Other) return other_key(text);
    const unsigned bit = 1u << static_cast<unsigned>(field_);
    if ((seen_ & bit) != 0) return fail("a second value", "one");
    seen_ |= bit;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception&) {
    constexpr std::size_t shown = 20;
    const std::size_t at = std::max<std::size_t>(position, 1) - 1;
    error_ = {at + 1, {}, "the end of the line", "JSON", {}};
    if (at < line_.size()) error_.found = "'" + printable(line_.substr(at), shown) + "'";
    return false;
  }

  const RecordFields& fields() const { return fields_; }
  const FieldError& error() const { return error_; }

 private:
  bool open(bool expected_here, const char* what) {
    const bool inside_other = depth_ > 0 && field_ == Field::Other;
    if (!expected_here && !inside_other) return fail(what, expectation());
    ++depth_;
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }

  bool value(const Scalar& scalar) {
    if (depth_ == 0) return refuse(scalar);
    if (field_ == Field::Other) return true;
    if (field_ == Field::Args) return depth_ == 2 ? argument(scalar) : absent_or_refuse(scalar);
    switch (scalar.kind == Scalar::Kind::Null ? Field::Other : field_) {
      case Field::Arch: return put(parse_arch(scalar.written()), fields_.arch);
      case Field::Nr: return put(parse_nr(scalar.written()), fields_.nr);
      case Field::Ip: return wide(scalar, fields_.ip);
      case Field::Syscall:
        if (scalar.kind != Scalar::Kind::Text) return refuse(scalar);
        fields_.syscall = scalar.text;
        return true;
      default: return true;
    }
  }

  bool argument(const Scalar& scalar) {
    const std::size_t index = arguments_++;
    if (index >= fields_.args.size()) return fail("a seventh value", "six at most");
    if (scalar.kind == Scalar::Kind::Null) return true;
    return wide(scalar, fields_.args[index]);
  }

  bool wide(const Scalar& scalar, std::uint64_t& to) {
    switch (scalar.kind) {
      case Scalar::Kind::Natural:
      case Scalar::Kind::Negative: to = scalar.bits; return true;
      case Scalar::Kind::Text: return put(parse_value(scalar.text), to);
      default: return refuse(scalar);
    }
  }

  template <class T, class To>
  bool put(const tl::expected<T, FieldError>& parsed, To& to) {
    if (parsed) {
      to = *parsed;
      return true;
    }
    error_ = parsed.error();
    error_.field = place();
    return false;
  }

  // A key that is almost one of ours is a mistake; any other is somebody else's field.
  bool other_key(const std::string& text) {
    const auto near = names::nearest(text, field_names);
    if (!near || *near == text) return true;
    fail("field '" + printable(text, 40) + "'", "a field of a record");
    error_.field.clear();
    error_.suggestion = *near;
    return false;
  }

  bool absent_or_refuse(const Scalar& scalar) {
    return scalar.kind == Scalar::Kind::Null || refuse(scalar);
  }
  bool refuse(const Scalar& scalar) {
    const bool text = scalar.kind == Scalar::Kind::Text;
    const std::string found = printable(scalar.written(), 40);
    return fail(text ? "'" + found + "'" : found, expectation());
  }
  bool fail(std::string found, std::string expected) {
    error_ = {0, place(), std::move(found), std::move(expected), {}};
    return false;
  }

  std::string place() const {
    if (depth_ == 0) return {};
    if (field_ == Field::Args && arguments_ > 0)
      return "args[" + std::to_string(arguments_ - 1) + "]";
    return field_ == Field::Other ? "" : std::string(field_names[static_cast<std::size_t>(field_)]);
  }
  std::string expectation() const {
    if (depth_ == 0) return "an object with a record's fields";
    switch (field_) {
      case Field::Args: return depth_ == 1 ? "an array of up to six values" : "a number of 64 bits";
      case Field::Ip: return "a number of 64 bits";
      case Field::Nr: return "a number of 32 bits";
      case Field::Syscall: return "the name of a system call";
      default: return "a token such as x86_64 or an AUDIT_ARCH number of 32 bits";
    }
  }

  std::string_view line_;
  RecordFields fields_;
  FieldError error_;
  Field field_ = Field::Other;
  std::size_t depth_ = 0;
  std::size_t arguments_ = 0;
  unsigned seen_ = 0;
};

}  // namespace

tl::expected<seccomp::SeccompData, FieldError> parse_record(std::string_view json_line) {
  RecordEvents events(json_line);
  const bool parsed = Json::sax_parse(json_line.begin(), json_line.end(), &events);
  if (!parsed) return tl::unexpected(events.error());
  return to_record(events.fields());
}

}  // namespace assay::load
