// assay profile containers: which profile each container of a manifest gets.
#include <algorithm>

#include "profile_actions.hpp"
#include "profile_options.hpp"

namespace assay::tool {
namespace {

using profile::ContainerProfile;

std::string effective(const ContainerProfile& container) {
  return std::string(name(container.type)) +
         (container.localhost.empty() ? "" : " " + load::printable(container.localhost));
}

Json to_json(const ContainerProfile& container) {
  return {{"object", container.object},
          {"container", container.container},
          {"profile", name(container.type)},
          {"localhost", container.localhost.empty() ? Json() : Json(container.localhost)},
          {"origin", name(container.origin)},
          {"line", container.place.line == 0 ? Json() : Json(container.place.line)}};
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string table(const std::vector<ContainerProfile>& containers) {
  std::size_t names = 0;
  std::size_t profiles = 0;
  for (const ContainerProfile& each : containers) {
    names = std::max(names, load::printable(name(each)).size());
    profiles = std::max(profiles, effective(each).size());
  }
  std::string text;
  for (const ContainerProfile& each : containers)
    text += padded(load::printable(name(each)), names) + "  " + padded(effective(each), profiles) +
            "  " + std::string(name(each.origin)) + "\n";
  return text;
}

}  // namespace

ExitStatus print_containers(const ProfileJob& job, const load::Profile& profile) {
  if (profile.targets.format != profile::Format::Kubernetes)
    return job.line.usage("found a profile of " + std::string(name(profile.targets.format)) +
                          ", expected a Kubernetes manifest");
  if (!job.line.json()) {
    job.output.write(table(profile.targets.containers));
    return yes;
  }
  Json json = target_json(job.line, profile, {});
  json["containers"] = Json::array();
  for (const ContainerProfile& each : profile.targets.containers)
    json["containers"].push_back(to_json(each));
  json["findings"] = findings_json(all_findings(profile), profile.targets.files);
  job.output.write(json_line(json));
  return yes;
}

}  // namespace assay::tool
