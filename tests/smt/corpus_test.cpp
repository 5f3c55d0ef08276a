#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "assay/bpf/codec.hpp"
#include "assay/sample/mutant.hpp"
#include "assay/smt/solver.hpp"
#include "assay/symbolic/analysis.hpp"
#include "smt/programs.hpp"

namespace assay::smt {
namespace {

using symbolic::Place;
using symbolic::Precision;

std::vector<std::byte> bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// Real filters, beside the diagrams: every place, and a few mutants.
class Corpus : public testing::TestWithParam<const char*> {};

TEST_P(Corpus, IsDecidedAsByDiagrams) {
  const auto file = std::filesystem::path(ASSAY_CORPUS) / GetParam();
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no corpus at " << ASSAY_CORPUS;
  const auto bytes = bytes_of(file);
  const std::vector<Program> filter{
      verify::accept(bpf::decode(bytes, bpf::Format::Raw).value()).value()};

  std::vector<Place> places;
  symbolic::Manager manager(symbolic::Order::for_programs(filter));
  const auto analysis = symbolic::Analysis::of(manager, filter[0]);
  ASSERT_TRUE(analysis);
  for (const auto& edge : analysis->edges()) places.push_back({edge.from, edge.to});
  const auto decider = solver({std::chrono::seconds(60)})();
  const auto found = decider->passing(filter[0], places, {});
  for (std::size_t i = 0; i < places.size(); ++i) {
    ASSERT_TRUE(found[i]) << places[i].pc;
    EXPECT_EQ(found[i]->has_value(), analysis->feasible({places[i].pc, *places[i].next}))
        << places[i].pc;
  }

  for (std::uint64_t index = 0; index < 4; ++index) {
    sample::Random random(5, index);
    const auto mutant = sample::accepted_mutant(random, filter[0]);
    ASSERT_TRUE(mutant);
    const std::vector<Program> other{verify::accept(mutant->instructions).value()};
    const auto equal = decide_equal(filter, other, {}, Precision::Normalised, {}, nullptr);
    const auto difference = decider->difference(filter, other, {}, Precision::Normalised);
    ASSERT_TRUE(equal && difference);
    EXPECT_EQ(equal->yes, !difference->has_value()) << index;
  }
}

INSTANTIATE_TEST_SUITE_P(, Corpus,
                         testing::Values("flatpak.bpf", "chromium-renderer.bpf",
                                         "kafel-argmix.bpf"));

}  // namespace
}  // namespace assay::smt
