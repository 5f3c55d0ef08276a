// A recording that a command line names: opened, its format found out, read call by call.
//
// Memory is constant however long it is. Text is read by trace::Reader, records by the same
// parser as `run --records`; a line that is no record is an error in the latter only. A stream
// belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/load/input.hpp"
#include "assay/trace/reader.hpp"

namespace assay::load {

struct TraceOptions {
  std::optional<trace::Format> format;  // none: trace::detect
  trace::ReaderOptions reader;
};

class TraceStream {
 public:
  static constexpr std::size_t line_limit = std::size_t{1} << 20;  // a longer one is skipped

  static tl::expected<TraceStream, InputError> open(std::string_view file,
                                                    const TraceOptions& options = {});
  TraceStream(TraceStream&&) noexcept;
  TraceStream& operator=(TraceStream&&) noexcept;
  ~TraceStream();

  trace::Format format() const { return format_; }

  // The next calls in place of what `calls` held; perhaps none, until it is finished.
  tl::expected<void, InputError> next(std::vector<trace::Call>& calls);
  // Of Raw alone, and faster: the next records as they lie in the file, valid until the next
  // call; none at the end.
  tl::expected<std::span<const seccomp::SeccompData>, InputError> next_records();

  bool finished() const { return finished_; }

  // So far.
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t lines() const { return lines_; }  // of Raw: records
  trace::Skipped skipped(trace::Skip skip) const;
  // Of a regular file, else 0.
  std::uint64_t known_size() const { return file_.known_size(); }

 private:
  TraceStream(InputFile file, trace::Format format);
  tl::expected<bool, InputError> fill();
  std::string_view pending() const { return {buffer_.data() + begin_, end_ - begin_}; }
  tl::expected<std::optional<std::string_view>, InputError> next_line();
  tl::expected<void, InputError> take_line(std::string_view line, std::vector<trace::Call>& calls);

  InputFile file_;
  trace::Format format_;
  std::unique_ptr<trace::Reader> reader_;  // none for records
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t scanned_ = 0;  // of the pending bytes, known to hold no newline
  std::uint64_t bytes_ = 0;
  std::uint64_t lines_ = 0;
  std::uint64_t offset_ = 0;
  bool at_end_ = false;
  bool finished_ = false;
  bool dropping_ = false;  // the rest of an overlong line
  std::uint64_t overlong_ = 0;
  std::size_t first_overlong_ = 0;
};

}  // namespace assay::load
