#include "assay/profile/target.hpp"

#include <algorithm>
#include <array>

#include "assay/profile/firecracker.hpp"
#include "assay/profile/minijail.hpp"
#include "assay/profile/oci.hpp"
#include "assay/profile/systemd_intent.hpp"
#include "assay/profile/systemd_stack.hpp"
#include "profile/json_object.hpp"
#include "profile/oci_format.hpp"

namespace assay::profile {
namespace {

using symbolic::Condition;
using symbolic::Manager;

struct Ending {
  std::string_view ending;
  Format format;
};

constexpr auto endings = std::to_array<Ending>({
    {".service", Format::Systemd},
    {".socket", Format::Systemd},
    {".mount", Format::Systemd},
    {".swap", Format::Systemd},
    {".policy", Format::Minijail},
    {".yaml", Format::Kubernetes},
    {".yml", Format::Kubernetes},
});

const JsonValue* member(const JsonValue& object, std::string_view key) {
  for (const JsonMember& each : object.members)
    if (same_key(each.key, key)) return &each.value;
  return nullptr;
}

// Threads by name, each with a list of rules.
bool is_firecracker(const JsonValue& root) {
  return !root.members.empty() &&
         std::all_of(root.members.begin(), root.members.end(), [](const JsonMember& thread) {
           return member(thread.value, "filter") != nullptr;
         });
}

std::optional<Format> detect_json(std::string_view text) {
  const auto json = parse_json(text);
  // What is wrong with it, the reader says.
  if (!json || json->root.kind != JsonValue::Kind::Object) return Format::Oci;
  if (is_firecracker(json->root)) return Format::Firecracker;
  if (member(json->root, "apiVersion") != nullptr) return Format::Kubernetes;
  return container_format(json->root);
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

std::string_view behind(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == std::string_view::npos ? std::string_view{} : text.substr(at + mark.size());
}

std::string_view without_comments(std::string_view text) {
  for (text = without_blanks(text);; text = without_blanks(text)) {
    if (text.starts_with("//"))
      text = behind(text, "\n");
    else if (text.starts_with("/*"))
      text = behind(text, "*/");
    else
      return text;
  }
}

// An object with a key, or none: a C initialiser goes on otherwise.
bool starts_as_json(std::string_view text) {
  text = without_comments(text);
  if (!text.starts_with('{')) return false;
  text = without_comments(text.substr(1));
  return text.starts_with('"') || text.starts_with('}');
}

bool has_line(std::string_view text, std::string_view start) {
  for (std::size_t at = text.find(start); at != std::string_view::npos;
       at = text.find(start, at + 1))
    if (at == 0 || text[at - 1] == '\n') return true;
  return false;
}

tl::expected<Targets, ReadError> targets_of(Read read) {
  if (!read) return tl::unexpected(read.error());
  Targets result{read->format, std::move(read->files), {}, std::move(read->findings), {}};
  if (read->stacked) {
    result.targets.push_back({{}, std::move(read->filters), {}});
    return result;
  }
  for (RuleSet& rules : read->filters) {
    std::string name = rules.name;
    result.targets.push_back({std::move(name), {std::move(rules)}, {}});
  }
  return result;
}

// Objects of the operator, and the containers that ask for the files it makes of them.
tl::expected<Targets, ReadError> targets_of(tl::expected<Manifest, ReadError> manifest) {
  if (!manifest) return tl::unexpected(manifest.error());
  Targets result{Format::Kubernetes, manifest->files, {}, manifest->findings, manifest->containers};
  for (const Manifest::Stored& stored : manifest->profiles) {
    result.targets.push_back({stored.rules.name, {stored.rules}, {}});
    for (const ContainerProfile& container : manifest->containers)
      if (container.type == ProfileType::Localhost && container.localhost == stored.path)
        result.targets.push_back({name(container), {stored.rules}, {}});
  }
  return result;
}

tl::expected<Targets, ReadError> read_unit_target(std::span<const ProfileText> texts,
                                                  const CallGroups& groups) {
  auto unit = read_unit(texts, groups);
  if (!unit) return tl::unexpected(unit.error());
  Targets result{Format::Systemd, unit->files, {}, unit->findings, {}};
  result.targets.push_back({{}, {}, std::move(*unit)});
  return result;
}

tl::expected<std::vector<Filter>, Uncompiled> compile_unit(const Unit& unit,
                                                           const Environment& environment) {
  const auto stack = compile_systemd(systemd_filters(unit, environment));
  if (!stack) {
    const Place place = unit.places[static_cast<std::size_t>(stack.error().option)];
    return tl::unexpected(
        Uncompiled{{{FindingKind::Refused, Severity::Error, place, describe(stack.error())}},
                   stack.error().error});
  }
  std::vector<Filter> filters;
  for (const SystemdProgram& program : *stack)
    filters.push_back(
        {std::string(name(program.option)) + " " + std::string(describe(program.arch).token),
         program.instructions});
  return filters;
}

}  // namespace

std::optional<Format> detect_format(std::string_view text, std::string_view file) {
  for (const Ending& row : endings)
    if (file.ends_with(row.ending)) return row.format;
  if (starts_as_json(text)) return detect_json(text);
  if (has_line(text, "[Service]")) return Format::Systemd;
  if (has_line(text, "apiVersion:")) return Format::Kubernetes;
  return std::nullopt;
}

Runtime usual_runtime(Format format) {
  switch (format) {
    case Format::Podman: return Runtime::Crun;
    case Format::Systemd: return Runtime::Systemd;
    case Format::Firecracker: return Runtime::Firecracker;
    case Format::Minijail: return Runtime::Minijail;
    case Format::Oci:
    case Format::Docker:
    case Format::Kubernetes: break;
  }
  return Runtime::Runc;
}

tl::expected<Targets, ReadError> read_targets(std::span<const ProfileText> texts, Format format,
                                              const Environment& environment,
                                              const CallGroups& groups) {
  const ProfileText& first = texts.front();
  switch (format) {
    case Format::Oci:
    case Format::Docker:
    case Format::Podman: return targets_of(read_oci(first.text, first.name, {format, environment}));
    case Format::Systemd: return read_unit_target(texts, groups);
    case Format::Firecracker:
      return targets_of(read_firecracker(first.text, first.name, environment));
    case Format::Minijail:
      return targets_of(read_minijail(texts, {.compiler = {}, .environment = environment}));
    case Format::Kubernetes: break;
  }
  return targets_of(read_kubernetes(first.text, first.name, environment));
}

tl::expected<Meaning, Meaningless> intent(Manager& manager, const Target& target,
                                          const Environment& environment,
                                          const IntentOptions& options) {
  if (!target.unit) return intent_of_stack(manager, target.filters, environment, options);
  const auto function = systemd_intent(manager, target.unit->sandbox, environment, options.pure);
  if (!function) return tl::unexpected(Meaningless{{}, function.error()});
  return Meaning{*function, Condition::never(manager), {}};
}

tl::expected<std::vector<Filter>, Uncompiled> compile(const Target& target,
                                                      const Environment& environment, Form form) {
  if (target.unit) return compile_unit(*target.unit, environment);
  std::vector<Filter> filters;
  for (const RuleSet& rules : target.filters) {
    auto instructions = compile(rules, environment, form);
    if (!instructions) return tl::unexpected(instructions.error());
    filters.push_back({rules.name, std::move(*instructions)});
  }
  return filters;
}

}  // namespace assay::profile
