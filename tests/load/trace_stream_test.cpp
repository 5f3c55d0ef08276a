#include "assay/load/trace_stream.hpp"

#include <gtest/gtest.h>

#include "load/scratch_file.hpp"

namespace assay::load {
namespace {

using seccomp::SeccompData;
using trace::Format;

struct Result {
  Format format{};
  std::vector<trace::Call> calls;
  std::optional<InputError> error;
  trace::Skipped skipped;
};

Result read_all(std::string_view bytes, std::optional<Format> format = {}) {
  const ScratchFile file(bytes);
  auto stream = TraceStream::open(file.path(), {format, {}});
  Result result;
  if (!stream) {
    result.error = stream.error();
    return result;
  }
  result.format = stream->format();
  std::vector<trace::Call> calls;
  do {
    const auto read = stream->next(calls);
    if (!read) result.error = read.error();
    if (!read) break;
    result.calls.insert(result.calls.end(), calls.begin(), calls.end());
  } while (!stream->finished());
  result.skipped = stream->skipped(trace::Skip::NotUnderstood);
  EXPECT_TRUE(result.error || stream->bytes() == bytes.size());
  return result;
}

std::string raw_records(std::uint32_t count) {
  std::string bytes;
  for (std::uint32_t i = 0; i < count; ++i) {
    const SeccompData record{i, 0xc000003e, 5, {1, 2, 3, 4, 5, 6}};
    bytes.append(reinterpret_cast<const char*>(&record), sizeof record);
  }
  return bytes;
}

TEST(TraceStream, KnowsFormats) {
  EXPECT_EQ(read_all("close(3) = 0\n").format, Format::Strace);
  EXPECT_EQ(read_all("{\"nr\":3}\n").format, Format::Json);
  EXPECT_EQ(read_all(raw_records(1)).format, Format::Raw);
  EXPECT_EQ(read_all("% time     seconds  usecs/call     calls    errors syscall\n").format,
            Format::StraceSummary);
  EXPECT_EQ(read_all("").format, Format::Strace);
  EXPECT_EQ(read_all("{\"nr\":3}\n", Format::Strace).format, Format::Strace);
}

TEST(TraceStream, RecordsAreComplete) {
  const Result json = read_all("{\"nr\":1}\n\n{\"nr\":2,\"args\":[7]}\n");
  ASSERT_EQ(json.calls.size(), 2U);
  EXPECT_TRUE(json.calls[1].complete());
  EXPECT_EQ(json.calls[1].line, 3U);
  EXPECT_EQ(json.calls[1].data.args[0], 7U);

  const Result raw = read_all(raw_records(10000));
  ASSERT_EQ(raw.calls.size(), 10000U);
  EXPECT_EQ(raw.calls[9999].line, 10000U);
  EXPECT_EQ(raw.calls[9999].data.nr, 9999U);
  EXPECT_TRUE(raw.calls[9999].complete());
}

TEST(TraceStream, MalformedRecordsEndTheStream) {
  const Result json = read_all("{\"nr\":1}\n{\"nr\":}\n");
  ASSERT_TRUE(json.error);
  EXPECT_EQ(json.error->line, 2U);
  EXPECT_EQ(json.error->column, 7U);
  const Result raw = read_all(raw_records(3) + "rest");
  ASSERT_TRUE(raw.error);
  EXPECT_EQ(raw.error->offset, 3U * 64);
  EXPECT_EQ(raw.error->found, "4 bytes");
}

TEST(TraceStream, LinesAcrossBuffers) {
  std::string text;
  for (unsigned i = 0; i < 50000; ++i)
    text += "close(" + std::to_string(i) + ")" + std::string(i % 97, ' ') + " = 0\n";
  const Result result = read_all(text);
  ASSERT_EQ(result.calls.size(), 50000U);
  for (std::size_t i = 0; i < result.calls.size(); ++i)
    ASSERT_EQ(result.calls[i].data.args[0], i) << i;
}

TEST(TraceStream, OverlongLinesAreSkippedWhole) {
  const std::string overlong = "write(1, \"" + std::string(3 * TraceStream::line_limit, 'x');
  const Result result = read_all("close(1) = 0\n" + overlong + "\", 3) = 3\nclose(2) = 0\n");
  ASSERT_EQ(result.calls.size(), 2U);
  EXPECT_EQ(result.calls[1].line, 3U);
  EXPECT_EQ(result.skipped.count, 1U);
  EXPECT_EQ(result.skipped.first_line, 2U);
}

TEST(TraceStream, MissingFiles) {
  const auto stream = TraceStream::open("/nonexistent/trace");
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().kind, InputErrorKind::Unreadable);
}

}  // namespace
}  // namespace assay::load
