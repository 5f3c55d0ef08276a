#include "load/unit_files.hpp"

#include <array>
#include <filesystem>
#include <map>

namespace assay::load {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_entries = 10'000;  // of a folder

// First what the administrator says.
constexpr auto roots =
    std::to_array<std::string_view>({"etc", "run", "usr/local/lib", "usr/lib", "lib"});

// "/usr/lib/systemd/system/x.service" is below "/", in "systemd/system": all folders of that
// name are looked at. Any other folder stands alone.
std::vector<fs::path> search_path(const fs::path& folder) {
  const std::string text = folder.lexically_normal().generic_string();
  for (const std::string_view root : roots)
    for (const std::string_view kind : {"systemd/system", "systemd/user"}) {
      const std::string ending = "/" + std::string(root) + "/" + std::string(kind);
      if (!text.ends_with(ending)) continue;
      // "lib" ends "usr/lib" as well, which stands before it.
      const fs::path top = text.substr(0, text.size() - ending.size() + 1);
      std::vector<fs::path> result;
      for (const std::string_view other : roots) result.push_back(top / other / kind);
      return result;
    }
  return {folder};
}

// The first file of each name counts. One that is empty, or /dev/null, takes the others away.
void collect(const fs::path& folder, std::map<std::string, fs::path>& by_name) {
  std::error_code error;
  std::size_t seen = 0;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (++seen > most_entries) break;
    if (entry.path().extension() == ".conf")
      by_name.emplace(entry.path().filename().string(), entry.path());
  }
}

bool is_masked(const fs::path& path) {
  std::error_code error;
  return !fs::is_regular_file(path, error) || fs::is_empty(path, error);
}

}  // namespace

std::vector<std::string> drop_in_folders(std::string_view unit) {
  const std::size_t dot = unit.rfind('.');
  if (dot == std::string_view::npos) return {};
  const std::string type(unit.substr(dot));
  std::string name(unit.substr(0, dot));
  std::vector<std::string> folders{name + type + ".d"};
  if (const std::size_t at = name.find('@'); at != std::string::npos) {
    if (at + 1 < name.size()) folders.push_back(name.substr(0, at + 1) + type + ".d");
    name.resize(at);
  }
  for (std::size_t dash = name.rfind('-'); dash != std::string::npos && dash > 0;
       dash = name.rfind('-', dash - 1)) {
    const std::string beginning = name.substr(0, dash + 1) + type + ".d";
    if (beginning != folders.front()) folders.push_back(beginning);
  }
  folders.push_back(type.substr(1) + ".d");
  return folders;
}

std::vector<std::string> unit_drop_ins(const std::string& path) {
  const fs::path unit(path);
  auto folders = drop_in_folders(unit.filename().string());
  if (folders.empty()) return {};
  const std::string of_type = folders.back();
  folders.pop_back();
  const auto places = search_path(unit.parent_path());
  std::map<std::string, fs::path> by_name;
  for (const fs::path& place : places)
    for (const std::string& folder : folders) collect(place / folder, by_name);
  for (const fs::path& place : places) collect(place / of_type, by_name);
  std::vector<std::string> result;
  for (const auto& [name, file] : by_name)
    if (!is_masked(file)) result.push_back(file.string());
  return result;
}

}  // namespace assay::load
