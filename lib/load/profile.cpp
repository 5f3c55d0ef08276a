#include "assay/load/profile.hpp"

#include <algorithm>
#include <filesystem>

namespace assay::load {
namespace {

using profile::Format;
using profile::ProfileText;

constexpr std::size_t most_drop_ins = 64;

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

// PATH.d/*.conf in the order of their names.
std::vector<std::string> drop_ins_of(const std::string& path) {
  std::error_code error;
  std::vector<std::string> result;
  for (const auto& entry : std::filesystem::directory_iterator(path + ".d", error)) {
    if (entry.path().extension() == ".conf") result.push_back(entry.path().string());
    if (result.size() == most_drop_ins) break;
  }
  std::sort(result.begin(), result.end());
  return result;
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
                  options.kernel, options.capabilities},
                 {}};
  auto targets = profile::read_targets(texts, *format, result.environment);
  if (!targets) {
    const std::size_t at = targets.error().place.file;
    return tl::unexpected(
        malformed(at < texts.size() ? texts[at].name : std::string(file), targets.error()));
  }
  result.targets = std::move(*targets);
  return result;
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
  auto text = text_of(wanted.path);
  if (!text) return tl::unexpected(text.error());
  std::vector<ProfileText> texts{{wanted.path, std::move(*text)}};
  if (profile::detect_format(texts[0].text, wanted.path) == Format::Systemd)
    for (const std::string& path : drop_ins_of(wanted.path)) {
      auto drop_in = text_of(path);
      if (!drop_in) return tl::unexpected(drop_in.error());
      texts.push_back({path, std::move(*drop_in)});
    }
  auto profile = read(texts, argument, options);
  if (!profile || wanted.target.empty()) return profile;
  return only(std::move(*profile), wanted.target);
}

tl::expected<Profile, InputError> read_profile(std::string_view text, std::string_view file,
                                               const ProfileOptions& options) {
  const ProfileText one{std::string(file), std::string(text)};
  return read({&one, 1}, file, options);
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
