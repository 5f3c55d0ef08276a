// A file with given bytes that is gone at the end of the test.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace assay::load {

class ScratchFile {
 public:
  explicit ScratchFile(std::string_view bytes) {
    const int descriptor = ::mkstemp(path_.data());
    written_ =
        ::write(descriptor, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    ::close(descriptor);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() { ::unlink(path_.c_str()); }

  const std::string& path() const { return path_; }
  bool written() const { return written_; }

 private:
  std::string path_ = "/tmp/assay-load-XXXXXX";
  bool written_ = false;
};

}  // namespace assay::load
