#include "assay/profile/kubernetes.hpp"

#include <algorithm>
#include <functional>

#include "assay/text/printable.hpp"
#include "profile/json_object.hpp"
#include "profile/oci_rules.hpp"
#include "profile/yaml.hpp"

namespace assay::profile {
namespace {

constexpr std::string_view pod_annotation = "seccomp.security.alpha.kubernetes.io/pod";
constexpr std::string_view container_annotation = "container.seccomp.security.alpha.kubernetes.io/";
constexpr int most_lists = 4;  // a List in a List

std::string quoted(std::string_view text) { return "'" + text::printable(text, 80) + "'"; }

// Case counts here, unlike in what runtimes read.
const JsonValue* member(const JsonValue* object, std::string_view key) {
  if (object == nullptr) return nullptr;
  for (const JsonMember& each : object->members)
    if (each.key == key) return each.value.kind == JsonValue::Kind::Null ? nullptr : &each.value;
  return nullptr;
}

const JsonValue* path(const JsonValue* value, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) value = member(value, key);
  return value;
}

std::string text_of(const JsonValue* value) {
  return value != nullptr ? value->text : std::string();
}

// What a seccompProfile field says.
struct Said {
  ProfileType type{};
  std::string localhost;
};

class ManifestReader {
 public:
  ManifestReader(const Environment& environment, Reports& reports, Manifest& manifest)
      : environment_(environment), reports_(reports), manifest_(manifest) {}

  void read(const JsonValue& document, int depth = 0) {
    const std::string kind = text_of(member(&document, "kind"));
    const std::string object = kind + "/" + text_of(path(&document, {"metadata", "name"}));
    if (kind == "List" && depth < most_lists) {
      if (const JsonValue* items = member(&document, "items"))
        for (const JsonValue& item : items->items) read(item, depth + 1);
    } else if (kind == "SeccompProfile") {
      read_object(document);
    } else if (const JsonValue* pod = pod_of(document, kind)) {
      read_pod(*pod, object);
    }
  }

 private:
  // What has metadata and spec of a pod.
  static const JsonValue* pod_of(const JsonValue& document, std::string_view kind) {
    static constexpr auto with_template = std::to_array<std::string_view>(
        {"Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ReplicationController", "Job"});
    if (kind == "Pod") return &document;
    if (kind == "PodTemplate") return member(&document, "template");
    if (kind == "CronJob") return path(&document, {"spec", "jobTemplate", "spec", "template"});
    const bool known =
        std::find(with_template.begin(), with_template.end(), kind) != with_template.end();
    return known ? path(&document, {"spec", "template"}) : nullptr;
  }

  void read_pod(const JsonValue& pod, const std::string& object) {
    const JsonValue* spec = member(&pod, "spec");
    read_annotations(path(&pod, {"metadata", "annotations"}));
    const auto said = said_by(path(spec, {"securityContext", "seccompProfile"}));
    for (const std::string_view list : {"initContainers", "containers", "ephemeralContainers"}) {
      const JsonValue* containers = member(spec, list);
      if (containers == nullptr) continue;
      for (const JsonValue& container : containers->items) add(container, object, said);
    }
  }

  void add(const JsonValue& container, const std::string& object, const std::optional<Said>& pod) {
    const JsonValue* context = member(&container, "securityContext");
    const auto own = said_by(member(context, "seccompProfile"));
    ContainerProfile result;
    result.object = object;
    result.container = text_of(member(&container, "name"));
    result.place = container.place;
    result.origin = own   ? ProfileOrigin::Container
                    : pod ? ProfileOrigin::Pod
                          : ProfileOrigin::KubeletDefault;
    const Said otherwise{
        environment_.seccomp_default ? ProfileType::RuntimeDefault : ProfileType::Unconfined, {}};
    const Said said = own ? *own : pod.value_or(otherwise);
    result.type = said.type;
    result.localhost = said.localhost;
    if (text_of(member(context, "privileged")) == "true") make_privileged(result, own || pod);
    manifest_.containers.push_back(std::move(result));
  }

  void make_privileged(ContainerProfile& container, bool something_said) {
    if (something_said && container.type != ProfileType::Unconfined)
      reports_.note(FindingKind::Ignored, Severity::Warning, container.place,
                    quoted(container.container) +
                        " is privileged: containerd and CRI-O load no profile, whatever is said");
    container.type = ProfileType::Unconfined;
    container.localhost.clear();
    container.origin = ProfileOrigin::Privileged;
  }

  void refuse(Place place, std::string message) {
    reports_.note(FindingKind::Refused, Severity::Error, place, std::move(message));
  }

  std::optional<Said> said_by(const JsonValue* field) {
    if (field == nullptr) return std::nullopt;
    const std::string type = text_of(member(field, "type"));
    const JsonValue* file = member(field, "localhostProfile");
    const auto known = std::find(profile_type_names.begin(), profile_type_names.end(), type);
    if (known == profile_type_names.end()) {
      refuse(field->place, quoted(type) +
                               " is no type of seccompProfile: the API server refuses it, and "
                               "kubelet would run the container unconfined");
      return Said{ProfileType::Unconfined, {}};
    }
    Said said{static_cast<ProfileType>(known - profile_type_names.begin()), {}};
    if (said.type == ProfileType::Localhost)
      said.localhost = localhost_of(*field, file);
    else if (file != nullptr)
      refuse(file->place, "localhostProfile with type " + type + ": the API server refuses it");
    return said;
  }

  // A relative path that does not climb.
  std::string localhost_of(const JsonValue& field, const JsonValue* file) {
    std::string name = text_of(file);
    if (name.empty()) {
      refuse(field.place, "type Localhost without localhostProfile: the API server refuses it");
      return {};
    }
    const std::string inside = "/" + name + "/";
    if (name.starts_with('/') || inside.find("/../") != std::string::npos)
      refuse(file->place, quoted(name) +
                              " does not stay below kubelet's seccomp folder: the API server "
                              "refuses it");
    return name;
  }

  void read_annotations(const JsonValue* annotations) {
    if (annotations == nullptr) return;
    for (const JsonMember& each : annotations->members) {
      if (each.key != pod_annotation && !each.key.starts_with(container_annotation)) continue;
      reports_.note(FindingKind::Obsolete, Severity::Warning, each.place,
                    "the annotation " + quoted(each.key) + " (" + quoted(each.value.text) +
                        ") has had no effect since Kubernetes 1.27: use seccompProfile");
    }
  }

  void read_object(const JsonValue& document) {
    const JsonValue* spec = member(&document, "spec");
    const std::string name = text_of(path(&document, {"metadata", "name"}));
    const std::string space = text_of(path(&document, {"metadata", "namespace"}));
    if (spec == nullptr) {
      reports_.fail(document.place, "no spec", "the spec of a SeccompProfile");
      return;
    }
    if (const JsonValue* base = member(spec, "baseProfileName"))
      reports_.note(FindingKind::Unmodelled, Severity::Warning, base->place,
                    "the rules of base profile " + quoted(base->text) + " are not in the answer");
    if (text_of(member(spec, "disabled")) == "true") {
      reports_.note(FindingKind::Ignored, Severity::Warning, spec->place,
                    quoted(name) + " is disabled: the operator does not store it");
      return;
    }
    auto rules = read_oci_rules(without_own_fields(*spec), Format::Oci, environment_, reports_);
    if (!rules) return;
    rules->name = "SeccompProfile/" + name;
    const std::string folder = space.empty() ? "" : space + "/";
    manifest_.profiles.push_back({"operator/" + folder + name + ".json", std::move(*rules)});
  }

  // Those that runtimes would pass over with a finding.
  static JsonValue without_own_fields(const JsonValue& spec) {
    JsonValue result = spec;
    std::erase_if(result.members, [](const JsonMember& each) {
      return each.key == "baseProfileName" || each.key == "disabled";
    });
    return result;
  }

  const Environment& environment_;
  Reports& reports_;
  Manifest& manifest_;
};

}  // namespace

std::string name(const ContainerProfile& container) {
  return container.object + "/" + container.container;
}

tl::expected<Manifest, ReadError> read_kubernetes(std::string_view text, std::string_view file,
                                                  const Environment& environment) {
  const auto documents = parse_yaml(text);
  if (!documents) return tl::unexpected(documents.error());
  Manifest manifest;
  manifest.files.emplace_back(file);
  Reports reports;
  ManifestReader reader(environment, reports, manifest);
  for (const JsonValue& document : *documents) reader.read(document);
  if (reports.error) return tl::unexpected(*reports.error);
  manifest.findings = std::move(reports.findings);
  return manifest;
}

}  // namespace assay::profile
