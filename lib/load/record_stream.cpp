#include "assay/load/record_stream.hpp"

#include <cstring>

#include "assay/load/record.hpp"

namespace assay::load {
namespace {

constexpr std::size_t portion = 65536;

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

InputError malformed(const std::string& file, std::string found, std::string expected) {
  return {.kind = InputErrorKind::Malformed,
          .file = file,
          .found = std::move(found),
          .expected = std::move(expected),
          .suggestion{}};
}

InputError in_line(const std::string& file, std::size_t line, const FieldError& cause) {
  InputError error = malformed(file, cause.found, cause.expected);
  error.line = line;
  error.column = cause.column;
  error.suggestion = cause.suggestion;
  if (!cause.field.empty()) error.found += " as " + cause.field;
  return error;
}

}  // namespace

RecordStream::RecordStream(InputFile file, RecordFormat format)
    : file_(std::move(file)), format_(format), buffer_(portion) {}

tl::expected<RecordStream, InputError> RecordStream::open(std::string_view file,
                                                          RecordFormat format) {
  auto input = InputFile::open(file);
  if (!input) return tl::unexpected(input.error());
  return RecordStream(std::move(*input), format);
}

RecordStream::Next RecordStream::next() {
  return format_ == RecordFormat::Json ? next_line() : next_struct();
}

bool RecordStream::ready() const {
  if (at_end_) return true;
  if (format_ == RecordFormat::Raw) return pending().size() >= seccomp::data_bytes;
  return pending().substr(scanned_).find('\n') != std::string_view::npos;
}

tl::expected<bool, InputError> RecordStream::fill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
  const auto got = file_.read(buffer_.data() + end_, buffer_.size() - end_);
  if (!got) return tl::unexpected(got.error());
  end_ += *got;
  at_end_ = *got == 0;
  return !at_end_;
}

RecordStream::Next RecordStream::next_line() {
  while (true) {
    const std::size_t newline = pending().find('\n', scanned_);
    if (newline == std::string_view::npos) {
      scanned_ = pending().size();
      if (scanned_ > line_limit) {
        auto error =
            malformed(file_.name(), "a line of more than " + std::to_string(line_limit) + " bytes",
                      "one record a line");
        error.line = line_ + 1;
        return tl::unexpected(error);
      }
      const auto more = fill();
      if (!more) return tl::unexpected(more.error());
      if (*more) continue;
      if (pending().empty()) return std::nullopt;
    }
    const std::string_view line = pending().substr(0, newline);
    begin_ += line.size() + (newline == std::string_view::npos ? 0 : 1);
    scanned_ = 0;
    ++line_;
    if (is_blank(line)) continue;
    const auto record = parse_record(line);
    if (!record) return tl::unexpected(in_line(file_.name(), line_, record.error()));
    return *record;
  }
}

RecordStream::Next RecordStream::next_struct() {
  while (pending().size() < seccomp::data_bytes) {
    const auto more = fill();
    if (!more) return tl::unexpected(more.error());
    if (*more) continue;
    if (pending().empty()) return std::nullopt;
    auto error = malformed(file_.name(), std::to_string(pending().size()) + " bytes",
                           "records of " + std::to_string(seccomp::data_bytes));
    error.offset = offset_;
    return tl::unexpected(error);
  }
  seccomp::SeccompData record;
  std::memcpy(&record, pending().data(), sizeof record);
  begin_ += sizeof record;
  offset_ += sizeof record;
  return record;
}

}  // namespace assay::load
