// Many records, one after the other: lines of JSON (load/record.hpp; blank ones are skipped,
// CRLF will do) or 64-byte structs in the byte order of the host.
//
// Memory is constant however long the stream is: one buffer, and no line above line_limit.
// A stream belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/load/input.hpp"
#include "assay/seccomp/seccomp_data.hpp"

namespace assay::load {

enum class RecordFormat : std::uint8_t { Json, Raw };

class RecordStream {
 public:
  static constexpr std::size_t line_limit = std::size_t{1} << 20;

  static tl::expected<RecordStream, InputError> open(std::string_view file, RecordFormat format);

  // The next record, nothing at the end.
  tl::expected<std::optional<seccomp::SeccompData>, InputError> next();
  // Whether next() can answer without reading, which may wait.
  bool ready() const;

 private:
  RecordStream(InputFile file, RecordFormat format);
  using Next = tl::expected<std::optional<seccomp::SeccompData>, InputError>;
  Next next_line();
  Next next_struct();
  // Makes the next bytes available; false at the end.
  tl::expected<bool, InputError> fill();
  std::string_view pending() const { return {buffer_.data() + begin_, end_ - begin_}; }

  InputFile file_;
  RecordFormat format_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t scanned_ = 0;  // of the pending bytes, known to hold no newline
  std::size_t line_ = 0;
  std::size_t offset_ = 0;  // of begin_ in the stream
  bool at_end_ = false;
};

}  // namespace assay::load
