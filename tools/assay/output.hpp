// Where results go: stdout, or a file that appears whole or not at all.
//
// A file is written under another name beside its place and renamed by finish(); without
// finish() it is removed again. What is no regular file (/dev/null, a FIFO) is written as it
// is. Buffered; the first failure stops all further writing and is told by finish().
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "exit_status.hpp"

namespace assay::tool {

class Output {
 public:
  // An empty path is stdout; the error is a sentence.
  static tl::expected<Output, std::string> open(const std::string& path);
  Output(Output&& other) noexcept;
  Output& operator=(Output&&) = delete;
  ~Output();

  void write(std::string_view text);
  void flush();
  bool good() const { return error_ == 0; }

  // Writes what is left and puts the file in its place. Ends the program quietly when nobody
  // reads any more, and with a line on stderr when something else is wrong.
  ExitStatus finish(ExitStatus status);

 private:
  Output(std::string path, std::string temporary, int descriptor);
  std::string path_;       // as reports name it
  std::string temporary_;  // empty when written in place
  std::string buffer_;
  int descriptor_;
  int error_ = 0;
};

}  // namespace assay::tool
