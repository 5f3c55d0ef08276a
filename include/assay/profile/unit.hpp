// Unit files as systemd 252 reads them: continuation lines, comments, sections, assignments,
// and which lines it passes over with a warning.
//
// Nothing is known here of what a key means. Text is hostile by assumption: its length and that
// of a line are bounded. Sources: systemd.syntax(7), and systemd-analyze verify, to which the
// tests compare the findings.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/profile/finding.hpp"
#include "assay/profile/profile.hpp"

namespace assay::profile {

// A file, by the name that messages give it, and its text.
struct UnitText {
  std::string name;
  std::string text;
};

// One "Key=value". The value may come from several lines.
struct Setting {
  std::string section;
  std::string key;
  std::string value;
  Place place;  // of the key
  // Where parts of the value stand: each from its offset on.
  struct Part {
    std::size_t offset = 0;
    Place place;
    friend bool operator==(const Part&, const Part&) = default;
  };
  std::vector<Part> parts;

  Place place_of(std::size_t offset) const;  // of a byte of the value
  friend bool operator==(const Setting&, const Setting&) = default;
};

struct UnitFile {
  std::vector<Setting> settings;  // those of known sections, in the order of the text
  Findings findings;
  // Where systemd stops reading: a unit is then not loaded, and of a drop-in only what stands
  // above counts.
  std::optional<ReadError> stopped;
};

inline constexpr std::size_t unit_line_limit = std::size_t{1} << 20;  // with continuations

// `sections` are those that the kind of unit has; others are ignored with a warning unless
// their name starts with X-. `file` becomes that of every place.
UnitFile parse_unit(std::string_view text, std::span<const std::string_view> sections,
                    std::uint32_t file = 0);

// Text that parse_unit() reads back as these settings.
std::string to_text(std::span<const Setting> settings);

// The words of a value as systemd splits it: at blanks, a backslash takes the next character as
// it is; with `quotes`, 'a b' and "a b" are one word each. Nothing after a stray backslash or an
// open quote: `broken` then.
struct Word {
  std::string text;
  std::size_t offset = 0;
  friend bool operator==(const Word&, const Word&) = default;
};
struct Words {
  std::vector<Word> words;
  bool broken = false;
};
Words split_words(std::string_view value, bool quotes = false);

// yes, y, true, t, on, 1 and their opposites, in any case.
std::optional<bool> parse_unit_boolean(std::string_view value);

}  // namespace assay::profile
