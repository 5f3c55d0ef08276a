#include "version.hpp"

#include <seccomp.h>
#include <sqlite3.h>
#include <yaml.h>
#include <z3.h>

#include <algorithm>
#include <boost/version.hpp>

#include "assay/bpf/opcode.hpp"
#include "assay/names/constants.hpp"
#include "assay/names/syscalls.hpp"
#include "json.hpp"

namespace assay::tool {
namespace {

std::string libseccomp_version() {
  const scmp_version* const found = seccomp_version();
  if (found == nullptr) return "unknown";
  return std::to_string(found->major) + "." + std::to_string(found->minor) + "." +
         std::to_string(found->micro);
}

std::string z3_version() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned build = 0;
  unsigned revision = 0;
  Z3_get_version(&major, &minor, &build, &revision);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(build);
}

std::string boost_version() {
  return std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000) +
         "." + std::to_string(BOOST_VERSION % 100);
}

std::string json_version() {
  return std::to_string(NLOHMANN_JSON_VERSION_MAJOR) + "." +
         std::to_string(NLOHMANN_JSON_VERSION_MINOR) + "." +
         std::to_string(NLOHMANN_JSON_VERSION_PATCH);
}

// The release of the newest call in our own table.
std::string newest_call() {
  seccomp::KernelVersion newest;
  for (const names::NewSyscall& row : names::new_syscalls()) newest = std::max(newest, row.since);
  return std::to_string(newest.major) + "." + std::to_string(newest.minor);
}

}  // namespace

std::string version_json() {
  Json json = json_document({});
  json["tables"] = {{"opcodes", bpf::opcodes.size()},
                    {"arches", seccomp::arches.size()},
                    {"new_syscalls", names::new_syscalls().size()},
                    {"new_syscalls_to", newest_call()},
                    {"constants", names::all_constants().size()}};
  json["libraries"] = {{"libseccomp", libseccomp_version()},
                       {"libyaml", yaml_get_version_string()},
                       {"z3", z3_version()},
                       {"sqlite", sqlite3_libversion()},
                       {"boost", boost_version()},
                       {"nlohmann-json", json_version()}};
  return json_line(json);
}

std::string version_text() {
  return "assay " + std::string(version) + "\nsemantics " +
         std::string(seccomp::current_semantics) + "\nsystem calls: libseccomp " +
         libseccomp_version() + ", and those added up to Linux " + newest_call() +
         "\nlibraries: libyaml " + yaml_get_version_string() + ", z3 " + z3_version() +
         ", sqlite " + sqlite3_libversion() + ", boost " + boost_version() + ", nlohmann-json " +
         json_version() + "\n";
}

}  // namespace assay::tool
