// Where systemd looks for the drop-ins of a unit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay::load {

// Folders for a unit of that name, the most specific first:
// a-b@c.service.d, a-b@.service.d, a-.service.d, service.d.
std::vector<std::string> drop_in_folders(std::string_view unit);

// Paths of the drop-ins that apply, in the order in which they are read: by file name; of two
// with one name that of the folder looked at first.
std::vector<std::string> unit_drop_ins(const std::string& path);

}  // namespace assay::load
