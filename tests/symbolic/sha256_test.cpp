#include "symbolic/sha256.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace assay::symbolic {
namespace {

std::string hex(Sha256& hash) {
  std::string text;
  for (const std::uint8_t byte : hash.digest()) {
    text.push_back("0123456789abcdef"[byte >> 4]);
    text.push_back("0123456789abcdef"[byte & 15]);
  }
  return text;
}

std::string digest(std::string_view text) {
  Sha256 hash;
  hash.add({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  return hex(hash);
}

// FIPS 180-4's examples.
TEST(Sha256, HasTheDigestsOfTheStandard) {
  EXPECT_EQ(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(digest(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// Bytes 0, 1, 2, ... up to lengths at which the padding changes its shape.
TEST(Sha256, PadsAtEveryLength) {
  const std::pair<std::size_t, std::string_view> rows[] = {
      {55, "463eb28e72f82e0a96c0a4cc53690c571281131f672aa229e0d45ae59b598b59"},
      {56, "da2ae4d6b36748f2a318f23e7ab1dfdf45acdc9d049bd80e59de82a60895f562"},
      {63, "29af2686fd53374a36b0846694cc342177e428d1647515f078784d69cdb9e488"},
      {64, "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108"},
      {65, "4bfd2c8b6f1eec7a2afeb48b934ee4b2694182027e6d0fc075074f2fabb31781"},
      {119, "da18797ed7c3a777f0847f429724a2d8cd5138e6ed2895c3fa1a6d39d18f7ec6"},
      {120, "f52b23db1fbb6ded89ef42a23ce0c8922c45f25c50b568a93bf1c075420bbb7c"},
      {128, "471fb943aa23c511f6f72f8d1652d9c880cfa392ad80503120547703e56a2be5"},
  };
  for (const auto& [length, expected] : rows) {
    std::string text;
    for (std::size_t i = 0; i < length; ++i) text.push_back(static_cast<char>(i));
    EXPECT_EQ(digest(text), expected) << length;
  }
}

TEST(Sha256, DoesNotMindHowTheMessageIsCut) {
  const std::string text(300, 'x');
  for (std::size_t cut = 1; cut < text.size(); cut += 7) {
    Sha256 hash;
    for (std::size_t at = 0; at < text.size(); at += cut)
      hash.add({reinterpret_cast<const std::uint8_t*>(text.data()) + at,
                std::min(cut, text.size() - at)});
    EXPECT_EQ(hex(hash), digest(text)) << cut;
  }
}

}  // namespace
}  // namespace assay::symbolic
