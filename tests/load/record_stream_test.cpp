#include "assay/load/record_stream.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "load/scratch_file.hpp"

namespace assay::load {
namespace {

using seccomp::SeccompData;

// The numbers of all records, and the error that ended them.
struct Result {
  std::vector<std::uint32_t> numbers;
  std::optional<InputError> error;
};

Result read_all(std::string_view bytes, RecordFormat format = RecordFormat::Json) {
  const ScratchFile file(bytes);
  auto stream = RecordStream::open(file.path(), format);
  Result result;
  while (stream) {
    auto record = stream->next();
    if (!record) result.error = record.error();
    if (!record || !*record) break;
    result.numbers.push_back((*record)->nr);
  }
  return result;
}

TEST(RecordStream, Lines) {
  const std::vector<std::uint32_t> numbers{1, 2, 3};
  for (const std::string_view text :
       {"{\"nr\":1}\n{\"nr\":2}\n{\"nr\":3}\n", "{\"nr\":1}\n{\"nr\":2}\n{\"nr\":3}",
        "\n{\"nr\":1}\r\n \t\r\n{\"nr\":2}\n\n\n{\"nr\":3}\n\n"}) {
    const Result result = read_all(text);
    EXPECT_FALSE(result.error);
    EXPECT_EQ(result.numbers, numbers);
  }
  EXPECT_TRUE(read_all("").numbers.empty());
  EXPECT_FALSE(read_all("\n\n").error);
}

TEST(RecordStream, ErrorsNameTheirLine) {
  const Result result = read_all("{\"nr\":1}\n\n{\"nr\":}\n");
  EXPECT_EQ(result.numbers.size(), 1U);
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->line, 3U);
  EXPECT_EQ(result.error->column, 7U);
}

TEST(RecordStream, LinesAcrossBuffers) {
  std::string text;
  for (unsigned i = 0; i < 10000; ++i)
    text += std::string(i % 97, ' ') + "{\"nr\":" + std::to_string(i) + "}\n";
  text += std::string(200000, ' ') + "{\"nr\":10000}\n{\"nr\":10001}";
  const Result result = read_all(text);
  ASSERT_FALSE(result.error);
  ASSERT_EQ(result.numbers.size(), 10002U);
  for (unsigned i = 0; i < result.numbers.size(); ++i) ASSERT_EQ(result.numbers[i], i);
}

TEST(RecordStream, LongLinesEnd) {
  const Result result = read_all("{\"nr\":1}\n" + std::string(RecordStream::line_limit + 1, ' '));
  EXPECT_EQ(result.numbers.size(), 1U);
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->line, 2U);
}

TEST(RecordStream, Structs) {
  std::string bytes;
  for (std::uint32_t i = 0; i < 3000; ++i) {
    const SeccompData record{i, 0xc000003e, 5, {1, 2, 3, 4, 5, 6}};
    bytes.append(reinterpret_cast<const char*>(&record), sizeof record);
  }
  Result result = read_all(bytes, RecordFormat::Raw);
  EXPECT_FALSE(result.error);
  ASSERT_EQ(result.numbers.size(), 3000U);
  EXPECT_EQ(result.numbers.back(), 2999U);

  result = read_all(bytes + "rest", RecordFormat::Raw);
  EXPECT_EQ(result.numbers.size(), 3000U);
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->offset, 3000U * 64);
}

TEST(RecordStream, KnowsWhatItHasRead) {
  const ScratchFile file("{\"nr\":1}\n{\"nr\":2}\n");
  auto stream = RecordStream::open(file.path(), RecordFormat::Json);
  ASSERT_TRUE(stream);
  EXPECT_FALSE(stream->ready());
  ASSERT_TRUE(stream->next());
  EXPECT_TRUE(stream->ready());
}

}  // namespace
}  // namespace assay::load
