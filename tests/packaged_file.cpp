#include "packaged_file.hpp"

#include <fstream>
#include <sstream>

namespace assay::test {

std::optional<std::string> packaged_file(const std::string& path) {
  for (const char* const root : {"", ASSAY_SOURCE_DIR "/build/packages"}) {
    const std::ifstream file(root + path, std::ios::binary);
    if (!file) continue;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  return std::nullopt;
}

}  // namespace assay::test
