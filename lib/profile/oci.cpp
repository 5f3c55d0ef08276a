#include "assay/profile/oci.hpp"

#include <algorithm>
#include <charconv>

#include "assay/names/errnos.hpp"
#include "assay/names/nearest.hpp"
#include "assay/text/printable.hpp"
#include "profile/json_object.hpp"
#include "profile/oci_format.hpp"
#include "profile/oci_names.hpp"
#include "profile/oci_rules.hpp"

namespace assay::profile {
namespace {

using seccomp::Action;
using seccomp::KernelVersion;
using seccomp::Verdict;

constexpr std::uint16_t eperm = 1;
constexpr std::uint64_t most_u32 = 0xffffffff;

std::string quoted(std::string_view text) { return "'" + text::printable(text, 60) + "'"; }

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// Moby's form of a version: two numbers up to 255 with a dot between, not 0.0 but for "".
std::optional<KernelVersion> parse_kernel(std::string_view text) {
  if (text.empty()) return KernelVersion{};
  const auto number = [](std::string_view digits) -> std::optional<unsigned> {
    unsigned value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, value);
    if (digits.empty() || error != std::errc{} || at != end || value > 255) return std::nullopt;
    return value;
  };
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto major = number(text.substr(0, dot));
  const auto minor = number(text.substr(dot + 1));
  if (!major || !minor || (*major == 0 && *minor == 0)) return std::nullopt;
  return KernelVersion{*major, *minor};
}

class OciReader {
 public:
  OciReader(Format format, const Environment& environment, Reports& reports)
      : format_(format), environment_(environment), reports_(reports) {}

  // Nothing for a profile that says that there is none.
  std::optional<RuleSet> read(const JsonValue& value) {
    JsonObject object(value, "the profile", reports_);
    const auto action = object.text("defaultAction");
    const auto* syscalls = object.list("syscalls");
    if (action.value_or("").empty() && (syscalls == nullptr || syscalls->empty()))
      return disabled(object);
    RuleSet rules;
    rules.place = object.place_of("defaultAction");
    rules.otherwise = default_verdict(object, action.value_or(""), rules.place);
    read_arches(object, rules);
    read_flags(object, rules);
    if (syscalls != nullptr)
      for (const JsonValue& entry : *syscalls) read_entry(entry, rules);
    object.report_unknown();
    return rules;
  }

 private:
  bool is_template() const { return format_ != Format::Oci; }

  void warn(FindingKind kind, Place place, std::string message) {
    reports_.note(kind, Severity::Warning, place, std::move(message));
  }
  // What the runtime would not start with, though its meaning is plain.
  void refuse(Place place, std::string message) {
    reports_.note(FindingKind::Refused, Severity::Error, place, std::move(message));
  }

  std::optional<RuleSet> disabled(const JsonObject& object) {
    if (environment_.runtime == Runtime::Crun)
      reports_.fail(object.place(), "no defaultAction", "one, which crun needs");
    warn(FindingKind::Ignored, object.place(),
         "no defaultAction and no syscalls: runs without a filter");
    return std::nullopt;
  }

  Action action(const std::string& name, Place place) {
    if (const auto action = oci_action(name)) return *action;
    constexpr std::string_view prefix = "SCMP_ACT_";
    const auto near = name.starts_with(prefix) ? std::nullopt : oci_action(upper(name));
    std::string suggestion;
    if (near) suggestion = oci_action(*near);
    reports_.fail(place, name.empty() ? "no action" : quoted(name),
                  "an action such as SCMP_ACT_ERRNO, without which no runtime starts", suggestion);
    return Action::KillThread;
  }
  // "allow" and "errno" of the oldest profiles, for the suggestion.
  static std::string upper(std::string_view name) {
    std::string result = "SCMP_ACT_";
    for (const char c : name) result += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return result;
  }

  Verdict default_verdict(JsonObject& object, const std::string& name, Place place) {
    const Action action = this->action(name, place);
    return {value_of(action, errno_of(object, action, "defaultErrnoRet", "defaultErrno"))};
  }

  // The data that goes with an action: EPERM unless the profile has another.
  std::uint16_t errno_of(JsonObject& object, Action action, std::string_view number_key,
                         std::string_view name_key) {
    const auto number = object.natural(number_key, most_u32);
    const auto named = format_ == Format::Podman ? errno_by_name(object, name_key) : std::nullopt;
    if (action != Action::Errno && action != Action::Trace) {
      if (number || named) useless_errno(object.place_of(number_key), number_key);
      return 0;
    }
    if (named) {
      if (number && *number != *named)
        warn(FindingKind::Contradiction, object.place_of(name_key),
             std::string(name_key) + " is another number than " + std::string(number_key) +
                 ": the name counts");
      return *named;
    }
    const std::uint64_t value = number.value_or(eperm);
    if (value > seccomp::data_mask)
      warn(FindingKind::NarrowArgument, object.place_of(number_key),
           std::to_string(value) + " is cut to 16 bits");
    else if (action == Action::Errno && value > seccomp::max_errno)
      warn(FindingKind::NarrowArgument, object.place_of(number_key),
           "the kernel returns 4095 for an errno of " + std::to_string(value));
    return static_cast<std::uint16_t>(value & seccomp::data_mask);
  }

  void useless_errno(Place place, std::string_view key) {
    const std::string what = std::string(key) + " with an action that has none";
    if (environment_.runtime == Runtime::Crun)
      refuse(place, what + ": crun refuses");
    else
      warn(FindingKind::Ignored, place, what + ": runc ignores it, crun refuses");
  }

  // A name or a number, as text.
  std::optional<std::uint16_t> errno_by_name(JsonObject& object, std::string_view key) {
    const auto text = object.text(key);
    if (!text || text->empty()) return std::nullopt;
    std::uint16_t number = 0;
    const char* const end = text->data() + text->size();
    const auto [at, error] = std::from_chars(text->data(), end, number);
    if (error == std::errc{} && at == end) return number;
    if (const auto known = names::errno_number(environment_.host, *text)) return known;
    reports_.fail(object.place_of(key), quoted(*text), "the name or number of an errno");
    return std::nullopt;
  }

  void read_arches(JsonObject& object, RuleSet& rules) {
    const auto* listed = object.list("architectures");
    const auto* map = is_template() ? object.list("archMap") : nullptr;
    if (listed != nullptr && map != nullptr && !listed->empty() && !map->empty())
      reports_.fail(object.place_of("archMap"), "architectures and archMap", "one of them");
    if (listed != nullptr)
      for (const JsonValue& item : *listed) add_arch(item, rules);
    if (map != nullptr) read_arch_map(*map, rules);
  }

  // Only the element of the host counts.
  void read_arch_map(const std::vector<JsonValue>& map, RuleSet& rules) {
    const OciArch* const host = oci_arch(environment_.host);
    const bool looks =
        host != nullptr && (format_ == Format::Podman ? host->podman_map : host->moby_map);
    bool taken = false;
    for (const JsonValue& item : map) {
      JsonObject element(item, "an element of archMap", reports_);
      const JsonValue* arch = element.find("architecture");
      const auto* others = element.list("subArchitectures");
      if (arch == nullptr || !looks || taken || arch->text != host->name) continue;
      taken = true;
      add_arch(*arch, rules);
      if (others != nullptr)
        for (const JsonValue& other : *others) add_arch(other, rules);
    }
  }

  void add_arch(const JsonValue& item, RuleSet& rules) {
    const OciArch* arch = oci_arch(item.text);
    const bool crun = environment_.runtime == Runtime::Crun;
    if (arch != nullptr && (arch->runc || crun)) {
      rules.arches.push_back(arch->arch);
      return;
    }
    if (arch == nullptr) arch = oci_arch_spelt_otherwise(item.text);
    if (item.kind != JsonValue::Kind::Text || arch == nullptr) {
      reports_.fail(item.place, quoted(item.text),
                    "an architecture such as SCMP_ARCH_X86_64, without which no runtime starts");
      return;
    }
    rules.arches.push_back(arch->arch);
    // crun drops the prefix and asks libseccomp for the rest.
    const bool libseccomp_token = same_key(item.text, describe(arch->arch).token);
    if (crun && libseccomp_token) return;
    refuse(item.place, quoted(item.text) + " is no architecture for runc" +
                           (libseccomp_token ? "" : " and crun") +
                           ", which refuse the profile: " + "read as " + std::string(arch->name));
  }

  void read_flags(JsonObject& object, RuleSet& rules) {
    rules.flags = object.texts("flags");
    rules.listener = !object.text("listenerPath").value_or("").empty();
    const bool metadata = !object.text("listenerMetadata").value_or("").empty();
    if (metadata && !rules.listener)
      refuse(object.place_of("listenerMetadata"), "listenerMetadata without listenerPath");
    static constexpr auto known = std::to_array<std::string_view>(
        {"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
         "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"});
    for (const std::string& flag : rules.flags)
      if (std::find(known.begin(), known.end(), flag) == known.end())
        refuse(object.place_of("flags"), quoted(flag) + " is no flag: runc and crun refuse it");
  }

  void read_entry(const JsonValue& value, RuleSet& rules) {
    JsonObject entry(value, "an entry of syscalls", reports_);
    Rule rule;
    rule.place = value.place;
    rule.calls = calls_of(entry);
    const std::string name = entry.text("action").value_or("");
    const Action action = this->action(name, entry.place_of("action"));
    rule.verdict = {value_of(action, errno_of(entry, action, "errnoRet", "errno"))};
    if (const auto* args = entry.list("args"))
      for (const JsonValue& arg : *args) rule.conditions.push_back(read_condition(arg));
    const bool applies = is_template() ? applies_here(entry) : applies_without_template(entry);
    entry.find("comment");
    entry.report_unknown();
    if (!applies) return;
    if (rule.calls.empty())
      warn(FindingKind::DeadRule, rule.place, "an entry without names: without effect");
    rules.rules.push_back(std::move(rule));
  }

  std::vector<Call> calls_of(JsonObject& entry) {
    std::vector<Call> calls;
    if (const auto* names = entry.list("names"))
      for (const JsonValue& item : *names) {
        if (item.kind != JsonValue::Kind::Text)
          reports_.fail(item.place, std::string(name(item.kind)), "the name of a system call");
        calls.push_back({item.text, item.place});
      }
    const auto single = entry.text("name");
    if (!single) return calls;
    if (!calls.empty()) reports_.fail(entry.place_of("name"), "name beside names", "one of them");
    if (is_template())
      warn(FindingKind::Obsolete, entry.place_of("name"),
           "'name' is the old form of 'names': Docker and Podman still take it");
    else
      refuse(entry.place_of("name"),
             "'name' is no field of the runtime-spec: runc and crun see an entry without names");
    calls.push_back({*single, entry.place_of("name")});
    return calls;
  }

  ArgumentCondition read_condition(const JsonValue& value) {
    JsonObject arg(value, "an element of args", reports_);
    ArgumentCondition condition;
    condition.place = value.place;
    condition.index = static_cast<std::uint32_t>(arg.natural("index", most_u32).value_or(0));
    condition.value = arg.natural("value").value_or(0);
    condition.value_two = arg.natural("valueTwo").value_or(0);
    const std::string op = arg.text("op").value_or("");
    if (const auto known = oci_operator(op))
      condition.op = *known;
    else
      reports_.fail(arg.place_of("op"), op.empty() ? "no op" : quoted(op),
                    "an operator such as SCMP_CMP_EQ, without which no runtime starts");
    if (condition.op != Operator::MaskedEqual && condition.value_two != 0)
      warn(FindingKind::Ignored, arg.place_of("valueTwo"),
           "valueTwo is only looked at with SCMP_CMP_MASKED_EQ");
    arg.report_unknown();
    return condition;
  }

  // containerd, CRI and the runtimes drop what they do not know: the entry always applies.
  bool applies_without_template(JsonObject& entry) {
    for (const std::string_view key : {"includes", "excludes"}) {
      const JsonValue* filter = entry.find(key);
      if (filter != nullptr && !filter->members.empty())
        warn(FindingKind::Ignored, filter->place,
             "'" + std::string(key) + "' is not of the runtime-spec: the entry always applies");
    }
    return true;
  }

  bool applies_here(JsonObject& entry) {
    const bool excluded = excludes(entry.find("excludes"));
    return includes(entry.find("includes")) && !excluded;
  }

  std::string_view host_name() const {
    const OciArch* const host = oci_arch(environment_.host);
    return host == nullptr ? std::string_view{} : host->go;
  }

  bool excludes(const JsonValue* value) {
    if (value == nullptr) return false;
    JsonObject filter(*value, "excludes", reports_);
    const auto arches = filter.texts("arches");
    const auto caps = filter.texts("caps");
    const auto kernel = min_kernel(filter);
    filter.report_unknown();
    return contains(arches, host_name()) ||
           std::any_of(caps.begin(), caps.end(), [&](const auto& cap) { return has(cap); }) ||
           (kernel && environment_.kernel >= *kernel);
  }

  bool includes(const JsonValue* value) {
    if (value == nullptr) return true;
    JsonObject filter(*value, "includes", reports_);
    const auto arches = filter.texts("arches");
    const auto caps = filter.texts("caps");
    const auto kernel = min_kernel(filter);
    filter.report_unknown();
    return (arches.empty() || contains(arches, host_name())) &&
           std::all_of(caps.begin(), caps.end(), [&](const auto& cap) { return has(cap); }) &&
           (!kernel || environment_.kernel >= *kernel);
  }

  bool has(const std::string& capability) const {
    return contains(environment_.capabilities, capability);
  }

  std::optional<KernelVersion> min_kernel(JsonObject& filter) {
    const auto text = filter.text("minKernel");
    if (!text) return std::nullopt;
    if (format_ == Format::Podman) {
      warn(FindingKind::Ignored, filter.place_of("minKernel"),
           "minKernel is not looked at by Podman and CRI-O: the entry applies on every kernel");
      return std::nullopt;
    }
    const auto version = parse_kernel(*text);
    if (!version)
      reports_.fail(filter.place_of("minKernel"), quoted(*text), "a version such as 4.8");
    return version;
  }

  Format format_;
  const Environment& environment_;
  Reports& reports_;
};

}  // namespace

std::optional<RuleSet> read_oci_rules(const JsonValue& value, Format format,
                                      const Environment& environment, Reports& reports) {
  return OciReader(format, environment, reports).read(value);
}

Read read_oci(std::string_view text, std::string_view file, const OciOptions& options) {
  auto json = parse_json(text);
  if (!json) return tl::unexpected(json.error());
  Reports reports;
  if (json->comments)
    reports.note(FindingKind::Refused, Severity::Error, {0, 1, 0},
                 "comments are no JSON: Docker, Podman, runc and crun refuse the file; read "
                 "without them");
  const JsonValue* profile = seccomp_in_bundle(json->root);
  const bool bundle = profile != nullptr;
  if (!bundle) profile = &json->root;
  const Format format = options.format.value_or(bundle ? Format::Oci : container_format(*profile));
  auto rules = read_oci_rules(*profile, format, options.environment, reports);
  if (reports.error) return tl::unexpected(*reports.error);
  Profile result{format, {std::string(file)}, {}, false, std::move(reports.findings)};
  if (rules) result.filters.push_back(std::move(*rules));
  return result;
}

}  // namespace assay::profile
