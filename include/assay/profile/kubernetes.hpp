// Kubernetes manifests: which seccomp profile each container really gets, and the SeccompProfile
// objects of the security-profiles-operator.
//
// Pods by themselves and inside Deployment, DaemonSet, StatefulSet, ReplicaSet,
// ReplicationController, Job, CronJob, PodTemplate and List; several documents a file. What
// another kind says is passed over. As kubelet's getSeccompProfile(): the container's field, then
// the pod's, then kubelet's default.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/profile/environment.hpp"
#include "assay/profile/profile.hpp"

namespace assay::profile {

enum class ProfileType : std::uint8_t { RuntimeDefault, Localhost, Unconfined };
inline constexpr std::array<std::string_view, 3> profile_type_names{"RuntimeDefault", "Localhost",
                                                                    "Unconfined"};
constexpr std::string_view name(ProfileType type) {
  return profile_type_names[static_cast<std::size_t>(type)];
}

// Who decides.
enum class ProfileOrigin : std::uint8_t {
  Container,
  Pod,
  KubeletDefault,  // nobody says anything
  Privileged,      // containerd and CRI-O then load nothing, whatever is said
};
inline constexpr std::array<std::string_view, 4> profile_origin_names{
    "container", "pod", "kubelet-default", "privileged"};
constexpr std::string_view name(ProfileOrigin origin) {
  return profile_origin_names[static_cast<std::size_t>(origin)];
}

struct ContainerProfile {
  std::string object;     // "Deployment/web"
  std::string container;  // "app"
  ProfileType type{};
  std::string localhost;  // the path below kubelet's seccomp folder, of Localhost
  ProfileOrigin origin{};
  Place place;  // of the container
  friend bool operator==(const ContainerProfile&, const ContainerProfile&) = default;
};
std::string name(const ContainerProfile& container);  // "Deployment/web/app"

struct Manifest {
  std::vector<std::string> files;
  std::vector<ContainerProfile> containers;
  // Of SeccompProfile objects, with the path under which the operator stores them.
  struct Stored {
    std::string path;  // "operator/profile.json"
    RuleSet rules;
  };
  std::vector<Stored> profiles;
  Findings findings;
};

tl::expected<Manifest, ReadError> read_kubernetes(std::string_view text, std::string_view file,
                                                  const Environment& environment);

}  // namespace assay::profile
