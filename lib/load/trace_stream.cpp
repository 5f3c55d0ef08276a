#include "assay/load/trace_stream.hpp"

#include <cstring>
#include <utility>

#include "assay/load/record.hpp"

namespace assay::load {
namespace {

constexpr std::size_t portion = std::size_t{1} << 19;
constexpr std::size_t batch = 256;  // calls handed out together

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

InputError malformed_record(const std::string& file, std::size_t line, const FieldError& cause) {
  InputError error{.kind = InputErrorKind::Malformed,
                   .file = file,
                   .line = line,
                   .column = cause.column,
                   .found = cause.found,
                   .expected = cause.expected,
                   .suggestion = cause.suggestion};
  if (!cause.field.empty()) error.found += " as " + cause.field;
  return error;
}

}  // namespace

TraceStream::TraceStream(InputFile file, trace::Format format)
    : file_(std::move(file)), format_(format), buffer_(portion) {}
TraceStream::TraceStream(TraceStream&&) noexcept = default;
TraceStream& TraceStream::operator=(TraceStream&&) noexcept = default;
TraceStream::~TraceStream() = default;

tl::expected<TraceStream, InputError> TraceStream::open(std::string_view file,
                                                        const TraceOptions& options) {
  auto input = InputFile::open(file);
  if (!input) return tl::unexpected(input.error());
  TraceStream stream(std::move(*input), options.format.value_or(trace::Format::Strace));
  if (!options.format) {
    // A pipe may hand out a few bytes only; a few lines of text, or one record, tell enough.
    constexpr std::size_t enough = 4096;
    while (stream.pending().size() < enough && !stream.at_end_) {
      const auto more = stream.fill();
      if (!more) return tl::unexpected(more.error());
    }
    stream.format_ = trace::detect(stream.pending());
  }
  const bool records =
      stream.format_ == trace::Format::Json || stream.format_ == trace::Format::Raw;
  if (!records) stream.reader_ = trace::make_reader(stream.format_, options.reader);
  return stream;
}

tl::expected<bool, InputError> TraceStream::fill() {
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
  bytes_ += *got;
  at_end_ = *got == 0;
  return !at_end_;
}

tl::expected<std::optional<std::string_view>, InputError> TraceStream::next_line() {
  while (true) {
    const std::size_t newline = pending().find('\n', scanned_);
    if (newline == std::string_view::npos) {
      scanned_ = pending().size();
      if (scanned_ > line_limit) {
        if (!dropping_ && overlong_++ == 0) first_overlong_ = lines_ + 1;
        dropping_ = true;
        begin_ = end_;
        scanned_ = 0;
      }
      const auto more = fill();
      if (!more) return tl::unexpected(more.error());
      if (*more) continue;
      if (pending().empty()) return std::nullopt;
    }
    const std::string_view line = pending().substr(0, newline);
    begin_ += line.size() + (newline == std::string_view::npos ? 0 : 1);
    scanned_ = 0;
    ++lines_;
    if (!std::exchange(dropping_, false)) return line;
  }
}

tl::expected<void, InputError> TraceStream::take_line(std::string_view line,
                                                      std::vector<trace::Call>& calls) {
  if (reader_) {
    reader_->read(line, lines_, calls);
    return {};
  }
  if (is_blank(line)) return {};
  const auto record = parse_record(line);
  if (!record) return tl::unexpected(malformed_record(file_.name(), lines_, record.error()));
  calls.push_back(trace::call_of(*record, lines_));
  return {};
}

tl::expected<void, InputError> TraceStream::next(std::vector<trace::Call>& calls) {
  calls.clear();
  if (format_ == trace::Format::Raw) {
    const auto records = next_records();
    if (!records) return tl::unexpected(records.error());
    finished_ = records->empty();
    const std::uint64_t first = lines_ - records->size();
    for (std::size_t i = 0; i < records->size(); ++i)
      calls.push_back(trace::call_of((*records)[i], first + i + 1));
    return {};
  }
  while (calls.size() < batch && !finished_) {
    // Whoever writes line by line is answered line by line.
    const bool would_wait = pending().find('\n') == std::string_view::npos && !at_end_;
    if (!calls.empty() && would_wait) break;
    const auto line = next_line();
    if (!line) return tl::unexpected(line.error());
    if (!*line) {
      finished_ = true;
      if (reader_) reader_->finish(calls);
      break;
    }
    const auto taken = take_line(**line, calls);
    if (!taken) return tl::unexpected(taken.error());
  }
  return {};
}

tl::expected<std::span<const seccomp::SeccompData>, InputError> TraceStream::next_records() {
  using seccomp::SeccompData;
  while (pending().size() < sizeof(SeccompData)) {
    const auto more = fill();
    if (!more) return tl::unexpected(more.error());
    if (*more) continue;
    if (pending().empty()) return std::span<const SeccompData>{};
    return tl::unexpected(
        InputError{.kind = InputErrorKind::Malformed,
                   .file = file_.name(),
                   .offset = offset_,
                   .found = std::to_string(pending().size()) + " bytes",
                   .expected = "records of " + std::to_string(sizeof(SeccompData)),
                   .suggestion{}});
  }
  // The buffer starts aligned, and what stays in it for the next fill is moved to its start.
  const auto* const first = reinterpret_cast<const SeccompData*>(buffer_.data() + begin_);
  const std::size_t count = pending().size() / sizeof(SeccompData);
  begin_ += count * sizeof(SeccompData);
  offset_ += count * sizeof(SeccompData);
  lines_ += count;
  return std::span(first, count);
}

trace::Skipped TraceStream::skipped(trace::Skip skip) const {
  trace::Skipped result = reader_ ? reader_->skipped(skip) : trace::Skipped{};
  if (skip != trace::Skip::NotUnderstood || overlong_ == 0) return result;
  if (result.count == 0 || first_overlong_ < result.first_line) result.first_line = first_overlong_;
  result.count += overlong_;
  return result;
}

}  // namespace assay::load
