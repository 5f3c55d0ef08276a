// Runs a fuzz target on files instead of random bytes: every file named, every file in a
// folder named, and the empty input. Linked where libFuzzer's own main() is not, so that
// each compiler and each sanitizer replays the corpus.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

bool replay(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file) {
    std::fprintf(stderr, "%s: cannot be read\n", path.c_str());
    return false;
  }
  // Before the run, so that a crash shows which input it was.
  std::fprintf(stderr, "%s: %zu bytes\n", path.c_str(), bytes.size());
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return true;
}

bool replay_all(const fs::path& path) {
  if (!fs::is_directory(path)) return replay(path);
  bool all_read = true;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) all_read = replay(entry.path()) && all_read;
  }
  return all_read;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint8_t nothing = 0;
  LLVMFuzzerTestOneInput(&nothing, 0);
  bool all_read = true;
  for (int i = 1; i < argc; ++i) all_read = replay_all(argv[i]) && all_read;
  return all_read ? 0 : 1;
}
