// What a PROFILE argument names: a file (or - for stdin) in one of the formats of room profile,
// as targets with the environment that they are meant for.
//
//   PATH         all of its targets
//   PATH#NAME    the one of that name: a thread, a container
//
// A unit's drop-ins are read with it, where systemd looks for them: in PATH.d/*.conf, in those of
// its template, of its name's beginnings up to a dash, and of its type; for a unit in a folder of
// the system also below /etc, /run and so on. A policy's includes are read as well. Bounds:
// profile_limit bytes a file, 64 files beside the first.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/load/input.hpp"
#include "assay/profile/target.hpp"

namespace assay::load {

struct ProfileOptions {
  std::optional<profile::Format> format;    // none: profile::detect_format
  std::optional<profile::Runtime> runtime;  // none: profile::usual_runtime
  seccomp::Arch host = seccomp::Arch::x86_64;
  seccomp::KernelVersion kernel{6, 18};
  std::vector<std::string> capabilities = profile::default_capabilities();
  profile::Form form = profile::Form::AsRuntime;
  // Of Kubernetes: kubelet's folder of Localhost profiles, which are read when it is given.
  std::string seccomp_root;
  bool seccomp_default = false;
  // The engine's own profile, for containers with RuntimeDefault; empty: these are only named.
  std::string runtime_default;
  std::optional<profile::CallGroups> groups;  // of systemd; none: the shipped table
};

struct Profile {
  std::string file;  // the argument
  profile::Environment environment;
  profile::Targets targets;
};

// systemd's groups of calls, from a file with what `systemd-analyze syscall-filter` prints.
tl::expected<profile::CallGroups, InputError> load_groups(const std::string& path);

tl::expected<Profile, InputError> load_profile(std::string_view argument,
                                               const ProfileOptions& options = {});

// The same for text that is there already.
tl::expected<Profile, InputError> read_profile(std::string_view text, std::string_view file,
                                               const ProfileOptions& options = {});

// Whether bytes that could be a filter are a profile.
bool is_profile(std::string_view bytes, std::string_view file);

// A finding or an error with the file and line that it is about.
std::string where(const profile::Place& place, const std::vector<std::string>& files);
InputError from_refusals(const profile::Findings& refusals, const Profile& profile);

}  // namespace assay::load
