// Assignments to options, one after the other, as systemd 252 applies them: an empty one often
// takes back what stood above, lists go on where the last one ended, and what cannot be read is
// passed over with a warning.
#include "assay/profile/systemd.hpp"

#include <algorithm>
#include <charconv>

#include "assay/names/constants.hpp"
#include "assay/names/errnos.hpp"
#include "assay/names/nearest.hpp"
#include "assay/names/syscalls.hpp"
#include "assay/text/printable.hpp"

namespace assay::profile {
namespace {

using seccomp::Action;
using seccomp::Verdict;

constexpr std::string_view default_group = "default";
// AF_MAX of the headers that systemd 252 was built with.
constexpr std::uint32_t address_families_end = 46;
constexpr std::uint32_t largest_errno = 4095;

constexpr auto architecture_words = std::to_array<std::string_view>(
    {"native", "x86",        "x86-64",   "x32",       "arm",           "arm64",  "mips",
     "mips64", "mips64-n32", "mips-le",  "mips64-le", "mips64-le-n32", "parisc", "parisc64",
     "ppc",    "ppc64",      "ppc64-le", "riscv64",   "s390",          "s390x"});

struct Namespace {
  std::string_view word;
  std::uint32_t flag;
};
constexpr auto namespace_words = std::to_array<Namespace>({
    {"cgroup", 0x02000000},
    {"ipc", 0x08000000},
    {"net", 0x40000000},
    {"mnt", 0x00020000},
    {"pid", 0x20000000},
    {"user", 0x10000000},
    {"uts", 0x04000000},
    {"time", time_namespace},
});

// Options that restrict system calls, but not by a filter that is modelled here.
struct Unmodelled {
  std::string_view key;
  std::string_view why;
};
constexpr auto unmodelled_keys = std::to_array<Unmodelled>({
    {"RestrictFileSystems", "is enforced by a BPF program of the kernel's security modules"},
    {"AppArmorProfile", "is enforced by AppArmor"},
    {"SELinuxContext", "is enforced by SELinux"},
    {"SmackProcessLabel", "is enforced by Smack"},
    {"PrivateBPF", "is newer than systemd 252, which ignores it"},
    {"PrivatePIDs", "is newer than systemd 252, which ignores it"},
});

std::string quoted(std::string_view text) { return "'" + text::printable(text, 80) + "'"; }

// "12", "+12", "0x1f", "017": what strtol() reads with base 0.
std::optional<std::uint32_t> parse_number(std::string_view text) {
  int base = 10;
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
    text.remove_prefix(1);
  }
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc{} || after != end || text.empty()) return std::nullopt;
  return value;
}

std::optional<std::uint16_t> parse_errno(std::string_view text) {
  auto number = parse_number(text);
  const auto named = names::errno_number(seccomp::Arch::x86_64, text);
  if (!number && named && !names::is_kernel_internal_errno(*named)) number = *named;
  if (!number || *number > largest_errno) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

// A value, whether it began with ~, and its words.
struct Listing {
  bool inverted = false;
  Words words;
};

Listing listing_of(std::string_view value, bool quotes) {
  Listing listing;
  listing.inverted = value.starts_with('~');
  const std::size_t skipped = listing.inverted ? 1 : 0;
  listing.words = split_words(value.substr(skipped), quotes);
  for (Word& word : listing.words.words) word.offset += skipped;
  return listing;
}

class SandboxReader {
 public:
  SandboxReader(const CallGroups& groups, Unit& unit) : groups_(groups), unit_(unit) {}

  void read(const Setting& setting) {
    setting_ = &setting;
    if (const auto option = find_option(setting.key)) {
      unit_.places[static_cast<std::size_t>(*option)] = setting.place;
      return assign(*option);
    }
    if (setting.key == "SystemCallErrorNumber") return assign_error_number();
    if (setting.key == "Personality") return assign_personality();
    if (setting.key == "DynamicUser") return assign_dynamic_user();
    if (setting.key.starts_with("Exec")) return see_command();
    for (const Unmodelled& row : unmodelled_keys)
      if (row.key == setting.key && !setting.value.empty())
        unit_.findings.push_back({FindingKind::Unmodelled, Severity::Note, setting.place,
                                  std::string(row.key) + "= " + std::string(row.why)});
  }

  // What options bring with them.
  void finish() {
    auto& suid = sandbox().enabled[static_cast<std::size_t>(SystemdOption::RestrictSUIDSGID)];
    if (sandbox().dynamic_user) suid = true;
  }

 private:
  Sandbox& sandbox() { return unit_.sandbox; }
  std::string_view value() const { return setting_->value; }

  void find(FindingKind kind, Severity severity, std::size_t offset, std::string message) {
    unit_.findings.push_back({kind, severity, setting_->place_of(offset), std::move(message)});
  }
  void ignore(std::size_t offset, std::string message) {
    find(FindingKind::Ignored, Severity::Warning, offset, std::move(message));
  }

  static std::optional<SystemdOption> find_option(std::string_view key) {
    const auto row = std::find(systemd_option_names.begin(), systemd_option_names.end(), key);
    if (row == systemd_option_names.end()) return std::nullopt;
    return static_cast<SystemdOption>(row - systemd_option_names.begin());
  }

  void assign(SystemdOption option) {
    switch (option) {
      case SystemdOption::SystemCallFilter: return assign_filter();
      case SystemdOption::SystemCallLog: return assign_log();
      case SystemdOption::SystemCallArchitectures: return assign_architectures();
      case SystemdOption::RestrictAddressFamilies: return assign_address_families();
      case SystemdOption::RestrictNamespaces: return assign_namespaces();
      default: assign_boolean(sandbox().enabled[static_cast<std::size_t>(option)]);
    }
  }

  void assign_boolean(bool& to) {
    if (const auto truth = parse_unit_boolean(value()))
      to = *truth;
    else
      ignore(0, setting_->key + "= takes a boolean value, not " + quoted(value()) +
                    ", and is ignored");
  }

  void assign_dynamic_user() {
    if (parse_unit_boolean(value())) return assign_boolean(sandbox().dynamic_user);
    find(FindingKind::Refused, Severity::Error, 0,
         "DynamicUser= takes a boolean value, not " + quoted(value()) +
             ", and systemd does not start the unit");
  }

  // Commands with + in front of them run without any filter.
  void see_command() {
    const auto path = value().find_first_not_of("@-:!|");
    if (path != std::string_view::npos && value()[path] == '+')
      find(FindingKind::Unmodelled, Severity::Note, path,
           setting_->key + "= with + runs without any of the unit's filters");
  }

  void assign_error_number() {
    if (value().empty() || value() == "kill") {
      sandbox().error_number.reset();
      return;
    }
    const auto number = parse_errno(value());
    if (number && *number > 0)
      sandbox().error_number = number;
    else
      ignore(0, "the error number " + quoted(value()) + " is ignored");
  }

  void assign_personality() {
    if (value().empty()) return sandbox().personality.reset();
    constexpr std::uint32_t linux_personality = 0;
    constexpr std::uint32_t linux32_personality = 8;
    if (value() == "x86-64" || value() == "arm64" || value() == "s390x" || value() == "ppc64-le")
      sandbox().personality = linux_personality;
    else if (value() == "x86" || value() == "arm" || value() == "s390" || value() == "ppc-le")
      sandbox().personality = linux32_personality;
    else
      ignore(0, "the personality " + quoted(value()) + " is ignored");
  }

  // Lists of calls.

  void assign_filter() {
    if (value().empty()) return sandbox().filter.reset();
    const Listing listing = listing_of(value(), false);
    if (!sandbox().filter) {
      sandbox().filter = CallList{!listing.inverted, {}};
      if (!listing.inverted) add_group(*sandbox().filter, default_group, std::nullopt, false);
    }
    for (const Word& word : listing.words.words) filter_word(word, listing.inverted);
    if (listing.words.broken) broken();
  }

  void assign_log() {
    if (value().empty()) return sandbox().log.reset();
    const Listing listing = listing_of(value(), false);
    if (!sandbox().log) sandbox().log = CallList{!listing.inverted, {}};
    for (const Word& word : listing.words.words)
      add(*sandbox().log, word, word.text, std::nullopt, listing.inverted);
    if (listing.words.broken) broken();
  }

  void broken() {
    ignore(0, "the rest of " + setting_->key + "= is ignored: a stray backslash or quote");
  }

  // NAME, @GROUP, NAME:ERRNO, NAME:kill
  void filter_word(const Word& word, bool inverted) {
    const auto colon = word.text.find(':');
    const std::string name = word.text.substr(0, colon);
    std::optional<Verdict> answer;
    if (colon != std::string::npos) {
      answer = parse_answer(std::string_view(word.text).substr(colon + 1));
      if (!answer)
        return ignore(word.offset, quoted(word.text) +
                                       " is ignored: " + quoted(word.text.substr(colon + 1)) +
                                       " is neither an error number nor kill");
    }
    if (name.empty()) return ignore(word.offset, quoted(word.text) + " is ignored");
    if (answer && !inverted)
      return ignore(word.offset,
                    quoted(word.text) + " is ignored: what is permitted takes no error number");
    add(*sandbox().filter, word, name, answer, inverted);
  }

  static std::optional<Verdict> parse_answer(std::string_view text) {
    if (text == "kill") return Verdict{value_of(Action::KillProcess)};
    if (const auto number = parse_errno(text)) return Verdict{value_of(Action::Errno, *number)};
    return std::nullopt;
  }

  void add(CallList& list, const Word& word, const std::string& name,
           const std::optional<Verdict>& answer, bool inverted) {
    if (name.starts_with('@')) {
      const auto group = std::string_view(name).substr(1);
      if (groups_.members(group) == nullptr) return unknown_group(word, group);
      return add_group(list, group, answer, inverted);
    }
    if (!names::libseccomp_knows(name)) return unknown_call(word, name);
    if (list.allow && !inverted && list.calls.contains(name) && !list.calls[name])
      find(FindingKind::Duplicate, Severity::Note, word.offset, name + " is already permitted");
    put(list, name, answer, inverted);
  }

  void add_group(CallList& list, std::string_view group, const std::optional<Verdict>& answer,
                 bool inverted) {
    for (const std::string& call : groups_.calls(group))
      if (names::libseccomp_knows(call)) put(list, call, answer, inverted);
  }

  // A word against the sense of the list takes away, unless it brings an answer of its own.
  static void put(CallList& list, const std::string& call, const std::optional<Verdict>& answer,
                  bool inverted) {
    const bool adds = inverted != list.allow || answer.has_value();
    if (adds)
      list.calls[call] = answer;
    else
      list.calls.erase(call);
  }

  void unknown_group(const Word& word, std::string_view group) {
    std::string message = "the unknown group @" + text::printable(group, 80) + " is ignored (" +
                          groups_.origin() + ")";
    const auto names = groups_.names();
    if (const auto near = names::nearest(group, names))
      message += "; did you mean @" + std::string(*near) + "?";
    find(FindingKind::Ignored, Severity::Warning, word.offset, std::move(message));
  }

  void unknown_call(const Word& word, std::string_view call) {
    if (names::is_syscall(call))
      return find(
          FindingKind::DroppedCall, Severity::Warning, word.offset,
          "the libseccomp in use does not know " + std::string(call) + ", and systemd ignores it");
    std::string message = "the unknown call " + quoted(call) + " is ignored";
    const auto known = names::all_syscall_names(seccomp::Arch::x86_64);
    if (const auto near = names::nearest(call, known))
      message += "; did you mean " + std::string(*near) + "?";
    find(FindingKind::UnknownCall, Severity::Warning, word.offset, std::move(message));
  }

  // The other lists.

  void assign_architectures() {
    if (value().empty()) return sandbox().architectures.clear();
    const Words words = split_words(value(), true);
    for (const Word& word : words.words) {
      const bool known = std::find(architecture_words.begin(), architecture_words.end(),
                                   word.text) != architecture_words.end();
      if (known)
        sandbox().architectures.insert(word.text);
      else
        ignore(word.offset, "the architecture " + quoted(word.text) + " is ignored");
    }
    if (words.broken) broken();
  }

  void assign_address_families() {
    auto& families = sandbox().address_families;
    if (value().empty()) return families.reset();
    if (value() == "none") {
      families = AddressFamilies{true, {}};
      return;
    }
    const Listing listing = listing_of(value(), true);
    if (!families) families = AddressFamilies{!listing.inverted, {}};
    for (const Word& word : listing.words.words) {
      const auto family = address_family(word.text);
      if (!family)
        ignore(word.offset, "the address family " + quoted(word.text) + " is ignored");
      else if (listing.inverted != families->allow)
        families->families.insert(*family);
      else
        families->families.erase(*family);
    }
    if (listing.words.broken) broken();
    if (!families->allow && !families->families.empty())
      find(FindingKind::NarrowArgument, Severity::Warning, 0,
           "the filter compares 64 bits of the family where the kernel looks at 32: with an upper "
           "half that is not 0 these families pass");
  }

  // In any case of letters; AF_UNSPEC and AF_MAX are no families.
  static std::optional<std::uint32_t> address_family(std::string_view word) {
    std::string upper(word);
    for (char& byte : upper)
      if (byte >= 'a' && byte <= 'z') byte = static_cast<char>(byte - 'a' + 'A');
    const auto value = upper.starts_with("AF_") ? names::constant_value(upper) : std::nullopt;
    if (!value || *value <= 0 || *value >= address_families_end) return std::nullopt;
    return static_cast<std::uint32_t>(*value);
  }

  void assign_namespaces() {
    auto& retained = sandbox().namespaces;
    if (value().empty()) return retained.reset();
    if (const auto truth = parse_unit_boolean(value())) {
      retained = *truth ? 0 : all_namespaces;
      return;
    }
    const Listing listing = listing_of(value(), false);
    const auto flags = namespaces_of(listing.words);
    if (!flags) return;
    if (!retained)
      retained = listing.inverted ? ~*flags & all_namespaces : *flags;
    else
      retained = listing.inverted ? *retained & ~*flags : *retained | *flags;
  }

  // One word that is none makes systemd ignore the whole line.
  std::optional<std::uint32_t> namespaces_of(const Words& words) {
    std::uint32_t flags = 0;
    for (const Word& word : words.words) {
      const auto row =
          std::find_if(namespace_words.begin(), namespace_words.end(),
                       [&](const Namespace& known) { return known.word == word.text; });
      if (row == namespace_words.end()) {
        ignore(word.offset, quoted(word.text) + " is no kind of namespace; the line is ignored");
        return std::nullopt;
      }
      flags |= row->flag;
    }
    if (words.broken) {
      broken();
      return std::nullopt;
    }
    return flags;
  }

  const CallGroups& groups_;
  Unit& unit_;
  const Setting* setting_ = nullptr;
};

struct Kind {
  std::string_view ending;
  std::string_view section;
};
constexpr auto kinds = std::to_array<Kind>(
    {{".service", "Service"}, {".socket", "Socket"}, {".mount", "Mount"}, {".swap", "Swap"}});

const Kind* kind_of(std::string_view name) {
  for (const Kind& kind : kinds)
    if (name.ends_with(kind.ending)) return &kind;
  return nullptr;
}

}  // namespace

bool Sandbox::restricts(SystemdOption option) const {
  switch (option) {
    case SystemdOption::SystemCallFilter:
      return filter && (filter->allow || !filter->calls.empty());
    case SystemdOption::SystemCallLog: return log && (log->allow || !log->calls.empty());
    case SystemdOption::SystemCallArchitectures: return !architectures.empty();
    case SystemdOption::RestrictAddressFamilies:
      return address_families && (address_families->allow || !address_families->families.empty());
    case SystemdOption::RestrictNamespaces:
      return namespaces && (*namespaces & all_namespaces) != all_namespaces;
    default: return enabled[static_cast<std::size_t>(option)];
  }
}

tl::expected<Unit, ReadError> read_unit(std::span<const UnitText> texts, const CallGroups& groups) {
  Unit unit;
  unit.groups = groups;
  const Kind* const kind = texts.empty() ? nullptr : kind_of(texts.front().name);
  if (kind == nullptr)
    return tl::unexpected(ReadError{{},
                                    texts.empty() ? "nothing" : quoted(texts.front().name),
                                    "the name of a .service, .socket, .mount or .swap unit",
                                    {}});
  unit.section = kind->section;
  const std::array<std::string_view, 3> sections{"Unit", "Install", kind->section};
  SandboxReader reader(groups, unit);
  for (const UnitText& text : texts) {
    const auto file = static_cast<std::uint32_t>(unit.files.size());
    unit.files.push_back(text.name);
    UnitFile parsed = parse_unit(text.text, sections, file);
    std::move(parsed.findings.begin(), parsed.findings.end(), std::back_inserter(unit.findings));
    for (const Setting& setting : parsed.settings)
      if (setting.section == unit.section) reader.read(setting);
    if (!parsed.stopped) continue;
    if (file == 0) return tl::unexpected(*parsed.stopped);
    unit.findings.push_back({FindingKind::Ignored, Severity::Error, parsed.stopped->place,
                             "from here on the drop-in is ignored: found " + parsed.stopped->found +
                                 ", expected " + parsed.stopped->expected});
  }
  reader.finish();
  return unit;
}

}  // namespace assay::profile
