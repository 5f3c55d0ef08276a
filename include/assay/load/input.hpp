// Bytes that a user names, read with a bound, and what can be wrong with them.
//
// Input is hostile by assumption: at most the limit is ever in memory, an endless pipe or
// device ends in an error at the limit, a file's size is looked at before it is read. Every
// error is a value that says where it is, what was found and what was expected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "assay/text/printable.hpp"

namespace assay::load {

enum class InputErrorKind : std::uint8_t {
  Argument,    // the argument itself: pid:x
  Unreadable,  // cannot be opened or read; see error
  TooLarge,    // more bytes than the limit
  Malformed,   // not what the format says
  NoFilter,    // a process without any, or without one of that index
  NoProcess,
  Machine,  // this machine or user may not read that process
};

struct InputError {
  InputErrorKind kind{};
  std::string file;  // as the user named it
  int error = 0;     // errno, where there is one

  std::size_t line = 0;    // from 1; 0 where there are no lines
  std::size_t column = 0;  // from 1, in bytes; 0 when the whole line is meant
  std::size_t offset = 0;  // in bytes, used when line is 0
  std::string found;       // safe to print whatever the input was
  std::string expected;
  std::string suggestion;

  friend bool operator==(const InputError&, const InputError&) = default;
};

// One line: "x.bpf: byte 12: found ..., expected ...; did you mean ...?"
std::string describe(const InputError& error);

using text::printable;

// A descriptor that closes itself. "-" is stdin.
class InputFile {
 public:
  static tl::expected<InputFile, InputError> open(std::string_view name);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  ~InputFile();

  const std::string& name() const { return name_; }
  // Up to `size` bytes, 0 at the end.
  tl::expected<std::size_t, InputError> read(char* to, std::size_t size);
  // The size of a regular file, 0 for anything else.
  std::uint64_t known_size() const;

 private:
  InputFile(std::string name, int descriptor) : name_(std::move(name)), descriptor_(descriptor) {}
  std::string name_;
  int descriptor_ = -1;
};

// All of it, or one byte more than `limit` when there is more than that.
tl::expected<std::string, InputError> read_up_to(InputFile& file, std::size_t limit);

}  // namespace assay::load
