#include "assay/load/profile.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "assay/profile/minijail.hpp"
#include "assay/profile/oci.hpp"
#include "load/unit_files.hpp"

namespace assay::load {
namespace {

using profile::Format;
using profile::ProfileText;

constexpr std::size_t most_other_files = 64;

InputError malformed(std::string file, const profile::ReadError& cause) {
  InputError error{.kind = InputErrorKind::Malformed,
                   .file = std::move(file),
                   .found = cause.found,
                   .expected = cause.expected,
                   .suggestion = cause.suggestion};
  error.line = cause.place.line;
  error.column = cause.place.column;
  return error;
}

InputError wrong_argument(std::string_view argument, std::string found, std::string expected) {
  return {.kind = InputErrorKind::Argument,
          .file = std::string(argument),
          .found = std::move(found),
          .expected = std::move(expected),
          .suggestion{}};
}

tl::expected<std::string, InputError> text_of(const std::string& path) {
  auto file = InputFile::open(path);
  if (!file) return tl::unexpected(file.error());
  auto text = read_up_to(*file, profile::profile_limit);
  if (!text) return tl::unexpected(text.error());
  if (text->size() <= profile::profile_limit) return text;
  return tl::unexpected(InputError{.kind = InputErrorKind::TooLarge,
                                   .file = path,
                                   .offset = profile::profile_limit,
                                   .found = "more bytes",
                                   .expected = "at most " + std::to_string(profile::profile_limit),
                                   .suggestion{}});
}

// Of a policy, by the names that it gives them: from its own folder where they begin with a dot.
std::vector<std::pair<std::string, std::string>> includes_of(std::string_view text,
                                                             const std::string& path) {
  std::vector<std::pair<std::string, std::string>> result;
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  for (std::string& name : profile::minijail_includes(text))
    result.emplace_back(name, (folder / name).string());
  return result;
}

// Files that a profile brings with it: the names by which messages know them, and where they are.
std::vector<std::pair<std::string, std::string>> others_of(const ProfileText& text,
                                                           std::optional<Format> format) {
  if (format == Format::Minijail) return includes_of(text.text, text.name);
  std::vector<std::pair<std::string, std::string>> result;
  if (format == Format::Systemd)
    for (std::string& path : unit_drop_ins(text.name)) result.emplace_back(path, path);
  return result;
}

// The first text and all that it brings, and, of a policy, what these bring.
tl::expected<std::vector<ProfileText>, InputError> texts_of(const std::string& path,
                                                            std::optional<Format> wanted) {
  auto text = text_of(path);
  if (!text) return tl::unexpected(text.error());
  std::vector<ProfileText> texts{{path, std::move(*text)}};
  const auto format = wanted ? wanted : profile::detect_format(texts[0].text, path);
  for (std::size_t at = 0; at < texts.size() && (at == 0 || format == Format::Minijail); ++at)
    for (const auto& more : others_of(texts[at], format)) {
      const std::string& name = more.first;
      const bool known = std::any_of(texts.begin(), texts.end(),
                                     [&](const ProfileText& other) { return other.name == name; });
      if (known || texts.size() > most_other_files) continue;
      auto other = text_of(more.second);
      if (!other) return tl::unexpected(other.error());
      texts.push_back({name, std::move(*other)});
    }
  return texts;
}

tl::expected<Profile, InputError> read(std::span<const ProfileText> texts, std::string_view file,
                                       const ProfileOptions& options) {
  const auto format =
      options.format ? options.format : profile::detect_format(texts[0].text, texts[0].name);
  if (!format)
    return tl::unexpected(wrong_argument(file, "neither JSON nor YAML nor a unit nor a policy",
                                         "a profile; --profile-format says which"));
  Profile result{std::string(file),
                 {options.runtime.value_or(profile::usual_runtime(*format)), options.host,
                  options.kernel, options.capabilities, options.seccomp_default},
                 {}};
  auto targets =
      profile::read_targets(texts, *format, result.environment,
                            options.groups ? *options.groups : profile::CallGroups::shipped());
  if (!targets) {
    const std::size_t at = targets.error().place.file;
    return tl::unexpected(
        malformed(at < texts.size() ? texts[at].name : std::string(file), targets.error()));
  }
  result.targets = std::move(*targets);
  return result;
}

void set_file(profile::RuleSet& rules, std::uint32_t file) {
  rules.place.file = file;
  for (profile::Rule& rule : rules.rules) {
    rule.place.file = file;
    for (profile::Call& call : rule.calls) call.place.file = file;
    for (profile::ArgumentCondition& condition : rule.conditions) condition.place.file = file;
  }
}

// The rules in a file that the profile brings in; what is odd about them joins its findings.
tl::expected<std::vector<profile::RuleSet>, InputError> add_file(Profile& profile,
                                                                 const std::string& path,
                                                                 const std::string& text,
                                                                 std::optional<Format> format) {
  auto read = profile::read_oci(text, path, {format, profile.environment});
  if (!read) return tl::unexpected(malformed(path, read.error()));
  profile::Targets& targets = profile.targets;
  const auto file = static_cast<std::uint32_t>(targets.files.size());
  targets.files.push_back(path);
  for (profile::Finding& finding : read->findings) {
    finding.place.file = file;
    targets.findings.push_back(std::move(finding));
  }
  for (profile::RuleSet& rules : read->filters) set_file(rules, file);
  return std::move(read->filters);
}

// Containers whose Localhost profile is there become targets; containerd reads it as plain OCI.
std::optional<InputError> read_localhost(Profile& profile, const std::string& root) {
  profile::Targets& targets = profile.targets;
  for (const profile::ContainerProfile& container : targets.containers) {
    if (container.type != profile::ProfileType::Localhost || container.localhost.empty()) continue;
    const std::string target = name(container);
    const bool known = std::any_of(targets.targets.begin(), targets.targets.end(),
                                   [&](const auto& other) { return other.name == target; });
    if (known) continue;
    const std::string path = (std::filesystem::path(root) / container.localhost).string();
    const auto text = text_of(path);
    if (!text) {
      targets.findings.push_back(
          {profile::FindingKind::Refused, profile::Severity::Error, container.place,
           printable(path) + " cannot be read: the container would not start"});
      continue;
    }
    auto rules = add_file(profile, path, *text, Format::Oci);
    if (!rules) return rules.error();
    targets.targets.push_back({target, std::move(*rules), {}});
  }
  return std::nullopt;
}

// Containers with RuntimeDefault become targets with the rules of that file, OCI or a template.
std::optional<InputError> read_runtime_default(Profile& profile, const std::string& path) {
  const auto text = text_of(path);
  if (!text) return text.error();
  const auto rules = add_file(profile, path, *text, std::nullopt);
  if (!rules) return rules.error();
  for (const profile::ContainerProfile& container : profile.targets.containers)
    if (container.type == profile::ProfileType::RuntimeDefault)
      profile.targets.targets.push_back({name(container), *rules, {}});
  return std::nullopt;
}

struct Argument {
  std::string path;
  std::string target;  // empty: all
};

Argument split(std::string_view argument) {
  std::error_code error;
  const std::size_t mark = argument.rfind('#');
  if (mark == std::string_view::npos || std::filesystem::exists(argument, error))
    return {std::string(argument), {}};
  return {std::string(argument.substr(0, mark)), std::string(argument.substr(mark + 1))};
}

tl::expected<Profile, InputError> only(Profile profile, const std::string& name) {
  std::string known;
  for (const profile::Target& target : profile.targets.targets)
    known += (known.empty() ? "" : ", ") + printable(target.name, 60);
  std::erase_if(profile.targets.targets,
                [&](const profile::Target& target) { return target.name != name; });
  if (profile.targets.targets.size() == 1) return profile;
  return tl::unexpected(wrong_argument(profile.file, "no target '" + printable(name, 60) + "'",
                                       known.empty() ? "another file" : "one of " + known));
}

}  // namespace

tl::expected<Profile, InputError> load_profile(std::string_view argument,
                                               const ProfileOptions& options) {
  const Argument wanted = split(argument);
  const auto texts = texts_of(wanted.path, options.format);
  if (!texts) return tl::unexpected(texts.error());
  auto profile = read(*texts, argument, options);
  if (profile && !options.seccomp_root.empty())
    if (auto error = read_localhost(*profile, options.seccomp_root))
      return tl::unexpected(std::move(*error));
  const bool manifest = profile && profile->targets.format == Format::Kubernetes;
  if (manifest && !options.runtime_default.empty())
    if (auto error = read_runtime_default(*profile, options.runtime_default))
      return tl::unexpected(std::move(*error));
  if (!profile || wanted.target.empty()) return profile;
  return only(std::move(*profile), wanted.target);
}

tl::expected<Profile, InputError> read_profile(std::string_view text, std::string_view file,
                                               const ProfileOptions& options) {
  const ProfileText one{std::string(file), std::string(text)};
  return read({&one, 1}, file, options);
}

tl::expected<profile::CallGroups, InputError> load_groups(const std::string& path) {
  const auto text = text_of(path);
  if (!text) return tl::unexpected(text.error());
  auto groups = profile::CallGroups::parse(*text, path);
  if (!groups) return tl::unexpected(malformed(path, groups.error()));
  return std::move(*groups);
}

bool is_profile(std::string_view bytes, std::string_view file) {
  constexpr std::size_t looked_at = 4096;
  if (bytes.substr(0, looked_at).find('\0') != std::string_view::npos) return false;
  return profile::detect_format(bytes, file).has_value();
}

std::string where(const profile::Place& place, const std::vector<std::string>& files) {
  std::string text = place.file < files.size() ? printable(files[place.file]) : std::string();
  if (place.line != 0) text += ":" + std::to_string(place.line);
  if (place.line != 0 && place.column != 0) text += ":" + std::to_string(place.column);
  return text;
}

InputError from_refusals(const profile::Findings& refusals, const Profile& profile) {
  const profile::Finding& first = refusals.front();
  const auto& files = profile.targets.files;
  InputError error{
      .kind = InputErrorKind::Malformed,
      .file = first.place.file < files.size() ? files[first.place.file] : profile.file,
      .found = first.message,
      .expected = "a profile that " + std::string(name(profile.environment.runtime)) + " takes",
      .suggestion{}};
  error.line = first.place.line;
  error.column = first.place.column;
  return error;
}

}  // namespace assay::load
