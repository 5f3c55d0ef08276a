#include "profile_options.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>
#include <tuple>

#include "assay/profile/findings.hpp"

namespace assay::tool {
namespace {

using profile::Finding;

tl::expected<seccomp::Arch, ExitStatus> read_arch(const CommandLine& line) {
  const std::string found = line.text("arch", "x86_64");
  if (const auto arch = seccomp::find_arch(found)) return *arch;
  std::vector<std::string_view> known;
  for (const seccomp::ArchInfo& info : seccomp::arches) known.push_back(info.token);
  return tl::unexpected(line.usage("option '--arch': found '" + load::printable(found, 80) +
                                   "', expected an arch such as x86_64" +
                                   did_you_mean(found, known)));
}

tl::expected<seccomp::KernelVersion, ExitStatus> read_kernel(const CommandLine& line) {
  const std::string text = line.text("kernel", "6.18");
  seccomp::KernelVersion version;
  const char* const end = text.data() + text.size();
  const auto [dot, error] = std::from_chars(text.data(), end, version.major);
  if (error == std::errc{} && dot != end && *dot == '.') {
    const auto [at, minor_error] = std::from_chars(dot + 1, end, version.minor);
    if (minor_error == std::errc{} && at == end) return version;
  }
  return tl::unexpected(line.usage("option '--kernel': found '" + load::printable(text, 80) +
                                   "', expected a version such as 6.1"));
}

// Sets and single capabilities, added up.
tl::expected<std::vector<std::string>, ExitStatus> read_capabilities(const CommandLine& line) {
  if (!line.has("cap")) return profile::default_capabilities();
  const std::vector<std::string> all = profile::all_capabilities();
  std::vector<std::string> result;
  for (const std::string& word : line.texts("cap")) {
    if (word == "none") continue;
    const auto add = [&](const std::vector<std::string>& set) {
      result.insert(result.end(), set.begin(), set.end());
    };
    if (word == "all") {
      add(all);
    } else if (word == "default") {
      add(profile::default_capabilities());
    } else if (std::find(all.begin(), all.end(), word) != all.end()) {
      result.push_back(word);
    } else {
      const std::vector<std::string_view> known(all.begin(), all.end());
      return tl::unexpected(line.usage("option '--cap': found '" + load::printable(word, 80) +
                                       "', expected a capability such as CAP_SYS_ADMIN, or "
                                       "all, default or none" +
                                       did_you_mean(word, known)));
    }
  }
  return result;
}

template <class Names>
std::vector<std::string_view> words(const Names& names) {
  return {names.begin(), names.end()};
}

}  // namespace

void add_profile_options(CommandLine& line) {
  line.add({{"runtime", OptionKind::Text, "NAME",
             "runc|crun|libseccomp|systemd|firecracker|seccompiler|minijail: who loads the "
             "profile; the default is who usually loads its format"},
            {"profile-format", OptionKind::Text, "FORMAT",
             "oci|docker|podman|kubernetes|systemd|firecracker|minijail; the default is told "
             "by the file"},
            {"arch", OptionKind::Text, "ARCH", "the machine's own architecture (x86_64)"},
            {"kernel", OptionKind::Text, "VERSION", "the machine's kernel, for templates (6.18)"},
            {"cap", OptionKind::Texts, "CAP",
             "a capability of the bounding set, or all, default (what container engines leave) "
             "or none (repeatable)"},
            {"form", OptionKind::Text, "FORM",
             "linear|tree: how libseccomp lays the calls out; the default is the runtime's"},
            {"seccomp-root", OptionKind::Text, "DIR",
             "kubelet's folder of Localhost profiles; without it they are not read"},
            {"seccomp-default", OptionKind::Flag, "",
             "kubelet gives RuntimeDefault where a manifest asks for nothing"},
            {"runtime-default", OptionKind::Text, "FILE",
             "the engine's own profile, for containers with RuntimeDefault; without it they are "
             "only named"},
            {"groups", OptionKind::Text, "FILE",
             "systemd's groups of calls, as `systemd-analyze syscall-filter` prints them, instead "
             "of the shipped ones of systemd 252"}});
}

tl::expected<load::ProfileOptions, ExitStatus> read_profile_options(const CommandLine& line) {
  load::ProfileOptions options;
  const auto arch = read_arch(line);
  if (!arch) return tl::unexpected(arch.error());
  options.host = *arch;
  const auto kernel = read_kernel(line);
  if (!kernel) return tl::unexpected(kernel.error());
  options.kernel = *kernel;
  auto capabilities = read_capabilities(line);
  if (!capabilities) return tl::unexpected(capabilities.error());
  options.capabilities = std::move(*capabilities);
  if (line.has("runtime")) {
    const auto word = line.choice("runtime", words(profile::runtime_names));
    if (!word) return tl::unexpected(word.error());
    options.runtime = profile::find_runtime(*word);
  }
  if (line.has("profile-format")) {
    const auto word = line.choice("profile-format", words(profile::format_names));
    if (!word) return tl::unexpected(word.error());
    options.format = profile::find_format(*word);
  }
  if (line.has("form")) {
    const auto word = line.choice("form", {"linear", "tree"});
    if (!word) return tl::unexpected(word.error());
    options.form = *word == "tree" ? profile::Form::Tree : profile::Form::Linear;
  }
  if (line.has("groups")) {
    auto groups = load::load_groups(line.text("groups"));
    if (!groups) {
      complain(load::describe(groups.error()));
      return tl::unexpected(status_of(groups.error()));
    }
    options.groups = std::move(*groups);
  }
  options.seccomp_root = line.text("seccomp-root");
  options.seccomp_default = line.has("seccomp-default");
  options.runtime_default = line.text("runtime-default");
  return options;
}

profile::Findings all_findings(const load::Profile& profile) {
  profile::Findings findings = profile.targets.findings;
  for (const profile::Target& target : profile.targets.targets)
    for (const profile::RuleSet& rules : target.filters) {
      const auto more = profile::findings_of(rules, profile.environment);
      findings.insert(findings.end(), more.begin(), more.end());
    }
  const auto key = [](const Finding& a) {
    return std::tuple(a.place.file, a.place.line, a.place.column, a.kind,
                      std::string_view(a.message));
  };
  // Containers may share a file.
  std::set<decltype(key(findings.front()))> told;
  profile::Findings once;
  for (const Finding& finding : findings)
    if (told.insert(key(finding)).second) once.push_back(finding);
  std::stable_sort(once.begin(), once.end(), [](const Finding& a, const Finding& b) {
    return std::tuple(a.place.file, a.place.line) < std::tuple(b.place.file, b.place.line);
  });
  return once;
}

std::string findings_text(std::span<const Finding> findings,
                          const std::vector<std::string>& files) {
  std::string text;
  for (const Finding& finding : findings)
    text += load::where(finding.place, files) + ": " + std::string(name(finding.severity)) + ": " +
            finding.message + " [" + std::string(name(finding.kind)) + "]\n";
  return text;
}

Json findings_json(std::span<const Finding> findings, const std::vector<std::string>& files) {
  Json rows = Json::array();
  for (const Finding& finding : findings) {
    const bool known = finding.place.file < files.size();
    rows.push_back({{"kind", name(finding.kind)},
                    {"severity", name(finding.severity)},
                    {"file", known ? Json(files[finding.place.file]) : Json()},
                    {"line", finding.place.line == 0 ? Json() : Json(finding.place.line)},
                    {"message", finding.message}});
  }
  return rows;
}

std::string title(const load::Profile& profile, const profile::Target& target) {
  const bool named = profile.file.ends_with("#" + target.name);
  return load::printable(profile.file) +
         (target.name.empty() || named ? "" : "#" + load::printable(target.name, 80));
}

Json target_json(const CommandLine& line, const load::Profile& profile,
                 const profile::Target& target) {
  Json json = json_document(line.semantics());
  json["file"] = profile.file;
  json["target"] = target.name.empty() ? Json() : Json(target.name);
  json["format"] = name(profile.targets.format);
  json["runtime"] = name(profile.environment.runtime);
  json["arch"] = describe(profile.environment.host).token;
  return json;
}

ExitStatus complain_of(const load::Profile& profile, const profile::Findings& refusals) {
  for (const Finding& finding : refusals)
    complain(load::where(finding.place, profile.targets.files) + ": " +
             std::string(name(profile.environment.runtime)) + " refuses: " + finding.message);
  return bad_input;
}

}  // namespace assay::tool
