// The constants of the OCI runtime-spec and of the templates made from it.
#pragma once

#include <optional>
#include <string_view>

#include "assay/profile/rule_set.hpp"

namespace assay::profile {

std::optional<seccomp::Action> oci_action(std::string_view name);  // "SCMP_ACT_ALLOW"
std::string_view oci_action(seccomp::Action action);

std::optional<Operator> oci_operator(std::string_view name);  // "SCMP_CMP_EQ"
std::string_view oci_operator(Operator op);                   // empty for what OCI has not

struct OciArch {
  seccomp::Arch arch;
  std::string_view name;  // "SCMP_ARCH_X86_64"
  std::string_view go;    // as templates name the host: "amd64"; empty where Go has none
  bool runc;              // whether runc takes it in "architectures"
  bool moby_map;          // whether a host of it looks into Moby's archMap
  bool podman_map;        // and into that of containers-common
};
const OciArch* oci_arch(seccomp::Arch arch);
const OciArch* oci_arch(std::string_view name);
// The same in another spelling that people use: "amd64", "x86_64", "SCMP_ARCH_AMD64".
const OciArch* oci_arch_spelt_otherwise(std::string_view name);

}  // namespace assay::profile
