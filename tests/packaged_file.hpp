// A file of a Debian package that is only read: where the package is installed, else where
// tools/setup unpacked it. Installing such a package may pull in hundreds that nobody needs.
#pragma once

#include <optional>
#include <string>

namespace assay::test {

// What is in the file whose place in the package is `path`; nothing when it is in neither.
std::optional<std::string> packaged_file(const std::string& path);

}  // namespace assay::test
