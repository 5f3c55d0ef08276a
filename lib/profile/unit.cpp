#include "assay/profile/unit.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "assay/text/printable.hpp"

namespace assay::profile {
namespace {

constexpr std::string_view blanks = " \t\n\r";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

std::string_view stripped(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_line_end(char byte) { return byte == '\n' || byte == '\r' || byte == '\0'; }

// One end of a line is any run of different ends: \n, \r\n, \n\r, ...
std::size_t length_of_end(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && is_line_end(text[length]) &&
         text.substr(0, length).find(text[length]) == text.npos)
    ++length;
  return length;
}

struct Line {
  std::string_view text;
  std::uint32_t number = 0;
};

class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
  }
  std::optional<Line> next() {
    if (rest_.empty()) return std::nullopt;
    const auto end = std::find_if(rest_.begin(), rest_.end(), is_line_end);
    const auto length = static_cast<std::size_t>(end - rest_.begin());
    const Line line{rest_.substr(0, length), ++number_};
    rest_.remove_prefix(length);
    rest_.remove_prefix(length_of_end(rest_));
    return line;
  }

 private:
  std::string_view rest_;
  std::uint32_t number_ = 0;
};

bool is_comment(std::string_view line) {
  const std::string_view text = stripped(line);
  return !text.empty() && (text.front() == '#' || text.front() == ';');
}

// An odd number of backslashes at the end.
bool continues(std::string_view line) {
  const auto last = line.find_last_not_of('\\');
  const std::size_t backslashes = line.size() - (last == line.npos ? 0 : last + 1);
  return backslashes % 2 != 0;
}

// Lines joined at their continuations, and where each began.
struct Joined {
  std::string text;
  std::vector<Setting::Part> parts;
};

class UnitParser {
 public:
  UnitParser(std::string_view text, std::span<const std::string_view> sections, std::uint32_t file)
      : lines_(text), sections_(sections), file_(file) {}

  UnitFile parse() {
    std::optional<Joined> joined;
    while (const auto line = lines_.next()) {
      if (is_comment(line->text)) continue;
      if (!joined) joined.emplace();
      if (joined->text.size() + line->text.size() > unit_line_limit) {
        stop({file_, line->number, 0}, "a longer line",
             "at most " + std::to_string(unit_line_limit) + " bytes");
        return std::move(unit_);
      }
      joined->parts.push_back({joined->text.size(), {file_, line->number, 1}});
      joined->text += line->text;
      if (continues(joined->text)) {
        joined->text.back() = ' ';
        continue;
      }
      if (!read(*joined)) return std::move(unit_);
      joined.reset();
    }
    if (joined) read(*joined);
    return std::move(unit_);
  }

 private:
  static std::string shown(std::string_view text) { return "'" + text::printable(text, 80) + "'"; }

  bool stop(Place place, std::string found, std::string expected) {
    unit_.stopped = ReadError{place, std::move(found), std::move(expected), {}};
    return false;
  }

  bool ignore(Place place, std::string message) {
    unit_.findings.push_back({FindingKind::Ignored, Severity::Warning, place, std::move(message)});
    return true;
  }

  static Place place_in(const Joined& joined, std::size_t offset) {
    const auto after = std::find_if(joined.parts.begin(), joined.parts.end(),
                                    [&](const auto& part) { return part.offset > offset; });
    const Setting::Part& part = *(after - 1);
    Place place = part.place;
    place.column += static_cast<std::uint32_t>(offset - part.offset);
    return place;
  }

  bool read(const Joined& joined) {
    const std::string_view line = stripped(joined.text);
    if (line.empty()) return true;
    const auto start = static_cast<std::size_t>(line.data() - joined.text.data());
    const Place place = place_in(joined, start);
    if (!text::is_utf8(line)) return stop(place, shown(line), "UTF-8");
    if (line.front() == '[') return open_section(line, place);
    if (!section_) {
      if (!outside_) ignore(place, "an assignment outside of a section is ignored");
      return true;
    }
    return assign(joined, line, start);
  }

  bool open_section(std::string_view line, Place place) {
    if (line.back() != ']') return stop(place, shown(line), "a section header that ends in ]");
    const std::string_view name = line.substr(1, line.size() - 2);
    if (!is_safe(name)) return stop(place, shown(line), "the name of a section");
    section_.reset();
    outside_ = true;
    if (std::find(sections_.begin(), sections_.end(), name) != sections_.end())
      section_ = name;
    else if (!name.starts_with("X-"))
      ignore(place, "the unknown section [" + text::printable(name, 80) + "] is ignored");
    return true;
  }

  // What systemd takes in a name: no control characters, quotes or backslashes.
  static bool is_safe(std::string_view name) {
    return std::all_of(name.begin(), name.end(), [](char byte) {
      const auto code = static_cast<unsigned char>(byte);
      return code >= ' ' && code != 0x7f && byte != '"' && byte != '\'' && byte != '\\';
    });
  }

  bool assign(const Joined& joined, std::string_view line, std::size_t start) {
    const Place place = place_in(joined, start);
    const auto sign = line.find('=');
    if (sign == line.npos) return ignore(place, "a line without = is ignored");
    if (sign == 0) return ignore(place, "a line without a key before = is ignored");
    const std::string_view value = stripped(line.substr(sign + 1));
    Setting setting{
        *section_, std::string(stripped(line.substr(0, sign))), std::string(value), place, {}};
    const auto from = value.empty() ? start + sign + 1
                                    : static_cast<std::size_t>(value.data() - joined.text.data());
    setting.parts.push_back({0, place_in(joined, from)});
    for (const Setting::Part& part : joined.parts)
      if (part.offset > from && part.offset < from + value.size())
        setting.parts.push_back({part.offset - from, part.place});
    unit_.settings.push_back(std::move(setting));
    return true;
  }

  Lines lines_;
  std::span<const std::string_view> sections_;
  std::uint32_t file_;
  std::optional<std::string> section_;
  bool outside_ = false;  // after the header of a section that is not read
  UnitFile unit_;
};

// A value as lines that read back as it: no end of a line can stand in one.
std::string assignment(const Setting& setting) {
  std::string line = setting.key + "=" + setting.value;
  // A backslash at the very end would join the next line; behind a blank another one may, as
  // blanks at the end are no part of a value.
  if (continues(line)) line += " \\\n";
  return line + "\n";
}

}  // namespace

Place Setting::place_of(std::size_t offset) const {
  if (parts.empty()) return place;
  const auto after = std::find_if(parts.begin() + 1, parts.end(),
                                  [&](const Part& part) { return part.offset > offset; });
  const Part& part = *(after - 1);
  return {part.place.file, part.place.line,
          part.place.column + static_cast<std::uint32_t>(offset - part.offset)};
}

UnitFile parse_unit(std::string_view text, std::span<const std::string_view> sections,
                    std::uint32_t file) {
  if (text.size() > profile_limit) {
    UnitFile unit;
    unit.stopped = ReadError{{file, 0, 0},
                             std::to_string(text.size()) + " bytes",
                             "at most " + std::to_string(profile_limit),
                             {}};
    return unit;
  }
  return UnitParser(text, sections, file).parse();
}

std::string to_text(std::span<const Setting> settings) {
  std::string text;
  std::string_view section;
  for (const Setting& setting : settings) {
    if (setting.section != section) text += "[" + setting.section + "]\n";
    section = setting.section;
    text += assignment(setting);
  }
  return text;
}

namespace {

class WordSplitter {
 public:
  WordSplitter(std::string_view value, bool quotes) : value_(value), quotes_(quotes) {}

  Words split() {
    for (skip_blanks(); at_ < value_.size() && !result_.broken; skip_blanks()) word();
    return std::move(result_);
  }

 private:
  void skip_blanks() {
    while (at_ < value_.size() && blanks.find(value_[at_]) != blanks.npos) ++at_;
  }

  void word() {
    Word word{{}, at_};
    char quote = 0;
    for (; at_ < value_.size(); ++at_) {
      const char byte = value_[at_];
      if (byte == '\\') {
        if (++at_ == value_.size()) break;
        word.text += value_[at_];
      } else if (quote != 0 && byte == quote) {
        quote = 0;
      } else if (quote == 0 && quotes_ && (byte == '"' || byte == '\'')) {
        quote = byte;
      } else if (quote == 0 && blanks.find(byte) != blanks.npos) {
        break;
      } else {
        word.text += byte;
      }
    }
    if (quote != 0 || (at_ == value_.size() && continues(value_.substr(word.offset))))
      result_.broken = true;
    else
      result_.words.push_back(std::move(word));
  }

  std::string_view value_;
  bool quotes_;
  std::size_t at_ = 0;
  Words result_;
};

}  // namespace

Words split_words(std::string_view value, bool quotes) {
  return WordSplitter(value, quotes).split();
}

std::optional<bool> parse_unit_boolean(std::string_view value) {
  constexpr auto words = std::to_array<std::pair<std::string_view, bool>>({
      {"1", true},
      {"yes", true},
      {"y", true},
      {"true", true},
      {"t", true},
      {"on", true},
      {"0", false},
      {"no", false},
      {"n", false},
      {"false", false},
      {"f", false},
      {"off", false},
  });
  std::string lower(value);
  for (char& byte : lower) byte = static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
  for (const auto& [word, truth] : words)
    if (word == lower) return truth;
  return std::nullopt;
}

}  // namespace assay::profile
