// What a unit asks systemd to install: its sandboxing options after the unit and its drop-ins
// were read, each as systemd 252 understands it.
//
// An option that systemd passes over is a finding, and so is one that restricts system calls in
// a way that is not modelled. What the options mean is systemd_intent.hpp, which filters systemd
// makes of them systemd_stack.hpp. Sources: systemd.exec(5), docs/profiles.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/profile/systemd_groups.hpp"
#include "assay/profile/unit.hpp"
#include "assay/seccomp/verdict.hpp"

namespace assay::profile {

// Those that install filters, in the order in which systemd does so.
enum class SystemdOption : std::uint8_t {
  ProtectHostname,
  RestrictAddressFamilies,
  MemoryDenyWriteExecute,
  RestrictRealtime,
  RestrictSUIDSGID,
  RestrictNamespaces,
  ProtectKernelTunables,
  ProtectKernelModules,
  ProtectKernelLogs,
  ProtectClock,
  PrivateDevices,
  SystemCallArchitectures,
  LockPersonality,
  SystemCallLog,
  SystemCallFilter,
};
inline constexpr std::array<std::string_view, 15> systemd_option_names{
    "ProtectHostname",       "RestrictAddressFamilies", "MemoryDenyWriteExecute",
    "RestrictRealtime",      "RestrictSUIDSGID",        "RestrictNamespaces",
    "ProtectKernelTunables", "ProtectKernelModules",    "ProtectKernelLogs",
    "ProtectClock",          "PrivateDevices",          "SystemCallArchitectures",
    "LockPersonality",       "SystemCallLog",           "SystemCallFilter"};
constexpr std::string_view name(SystemdOption option) {
  return systemd_option_names[static_cast<std::size_t>(option)];
}

// Of SystemCallFilter= and SystemCallLog=.
struct CallList {
  bool allow = false;  // whether the list says what is permitted (not logged), or the reverse
  // Each with the answer of its own that it was listed with, if any.
  std::map<std::string, std::optional<seccomp::Verdict>, std::less<>> calls;
  friend bool operator==(const CallList&, const CallList&) = default;
};

// Of RestrictAddressFamilies=.
struct AddressFamilies {
  bool allow = false;
  std::set<std::uint32_t> families;
  friend bool operator==(const AddressFamilies&, const AddressFamilies&) = default;
};

// The flags of clone(2) for namespaces. That of time namespaces is not among them: systemd 252
// counts it as restricted as soon as another one is, unless it is listed.
inline constexpr std::uint32_t all_namespaces = 0x7e020000;
inline constexpr std::uint32_t time_namespace = 0x00000080;

struct Sandbox {
  std::optional<CallList> filter;  // SystemCallFilter=
  std::optional<CallList> log;
  std::optional<std::uint16_t> error_number;         // SystemCallErrorNumber=; none: kill
  std::set<std::string, std::less<>> architectures;  // as written: "native", "x86-64"
  std::optional<AddressFamilies> address_families;
  std::optional<std::uint32_t> namespaces;  // those retained
  std::optional<std::uint32_t> personality;
  // The options that are yes or no, by SystemdOption.
  std::array<bool, systemd_option_names.size()> enabled{};
  bool dynamic_user = false;

  // Whether the option restricts anything.
  bool restricts(SystemdOption option) const;
  friend bool operator==(const Sandbox&, const Sandbox&) = default;
};

struct Unit {
  std::vector<std::string> files;  // names for Place::file
  std::string section;             // that holds the options: "Service"
  Sandbox sandbox;
  std::array<Place, systemd_option_names.size()> places{};  // of the last word on each option
  CallGroups groups;                                        // that it was read with
  Findings findings;
};

// The unit first, then its drop-ins in the order in which systemd reads them. The kind of unit
// is told by the first name's ending; another than .service, .socket, .mount or .swap is an
// error, and so is text on which systemd refuses to load the unit.
tl::expected<Unit, ReadError> read_unit(std::span<const UnitText> texts, const CallGroups& groups);

}  // namespace assay::profile
