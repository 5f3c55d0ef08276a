#include "corpus.hpp"

#include <gtest/gtest.h>

#include "assay/verify/accept.hpp"

namespace assay::verify {
namespace {

// File by file, those that a kernel refused too.
TEST(Corpus, IsAcceptedAsByTheKernelThatLoadedIt) {
  const auto answers = test::corpus_answers(ASSAY_CORPUS);
  if (answers.empty()) GTEST_SKIP() << "no corpus at " << ASSAY_CORPUS;
  auto unanswered = test::corpus_files(ASSAY_CORPUS);
  std::size_t refused = 0;
  for (const auto& [file, instructions, load_errno] : answers) {
    const auto program = accept(instructions);
    EXPECT_EQ(program ? 0 : program.error().error, load_errno) << file;
    EXPECT_EQ(unanswered.erase(file), 1U) << file << " stands in the manifest twice";
    if (load_errno != 0) ++refused;
  }
  EXPECT_EQ(unanswered, std::set<std::string>{}) << "not in the manifest";
  EXPECT_GT(refused, 0U) << "nothing that a kernel refused";
}

}  // namespace
}  // namespace assay::verify
