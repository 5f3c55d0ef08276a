#include "c/handles.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace assay::c {
namespace {

// The status and the sentence that the border makes of it.
template <class Function>
std::pair<assay_status, std::string> ended(Function function) {
  char* why = nullptr;
  const assay_status status = at_border(&why, function);
  std::string sentence = why == nullptr ? "NULL" : why;
  std::free(why);
  return {status, sentence};
}

using Ending = std::pair<assay_status, std::string>;

TEST(Border, HandsOutTheSentenceOfAFailureAndNoneOfAnAnswer) {
  EXPECT_EQ(ended([]() -> Outcome { return ASSAY_YES; }), Ending(ASSAY_YES, "NULL"));
  EXPECT_EQ(ended([]() -> Outcome { return ASSAY_NO; }), Ending(ASSAY_NO, "NULL"));
  EXPECT_EQ(ended([]() -> Outcome { return fail(ASSAY_NO, "a jump"); }),
            Ending(ASSAY_NO, "a jump"));
}

TEST(Border, MakesASentenceOfEveryException) {
  EXPECT_EQ(ended([]() -> Outcome { throw std::bad_alloc(); }),
            Ending(ASSAY_CANNOT, "out of memory"));
  EXPECT_EQ(ended([]() -> Outcome { throw std::logic_error("no such word"); }),
            Ending(ASSAY_CANNOT, "a mistake of the library: no such word"));
  EXPECT_EQ(ended([]() -> Outcome { throw 7; }),
            Ending(ASSAY_CANNOT, "a mistake of the library: an exception without a name"));
  EXPECT_EQ(at_border(nullptr, []() -> Outcome { throw 7; }), ASSAY_CANNOT);
}

}  // namespace
}  // namespace assay::c
