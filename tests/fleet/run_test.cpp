// A run that is killed at any point and goes on leaves what an undisturbed one leaves.
#include "assay/fleet/run.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "assay/fleet/store.hpp"
#include "fleet/scratch_folder.hpp"
#include "fleet/without_host.hpp"

namespace assay::fleet {
namespace {

constexpr std::string_view header = R"({"assay":"0.1.0"})";
const shard::Job job{"count", "items=20", {1, 2}};

std::string result_of(std::uint64_t item) {
  return "{\"square\":" + std::to_string(item * item) + "}";
}

// Two results for every fifth item, none for every seventh.
void do_item(Run& run, std::uint64_t item) {
  if (item % 7 == 0) return;
  ASSERT_TRUE(run.add(item, result_of(item)));
  if (item % 5 == 0) {
    ASSERT_TRUE(run.add(item, "{}"));
  }
}

// Saves after every `each` items; leaves without a word in front of item `killed`.
void run_until(const Place& place, std::uint64_t killed, std::uint64_t each = 4) {
  auto run = Run::open(job, place, header);
  ASSERT_TRUE(run) << to_string(run.error());
  if (run->complete()) return;
  std::uint64_t done = run->next() == 0 ? 0 : std::stoull(run->state());
  for (std::uint64_t item = job.share.next(run->next()); item < 20;
       item = job.share.next(item + 1)) {
    if (item >= killed) return;
    do_item(*run, item);
    if (++done % each == 0) {
      ASSERT_TRUE(run->save(item + 1, std::to_string(done)));
    }
  }
  ASSERT_TRUE(
      run->finish(20, "{\"done\":" + std::to_string(done) + "}", "all " + std::to_string(done)));
}

TEST(Run, LinesAreAFirstDocumentResultsAndALastOne) {
  const ScratchFolder folder;
  run_until({folder.path("out"), "", "", false}, 100);
  const std::string text = without_host(folder.read("out"));
  const std::string start =
      R"({"assay":"0.1.0","job":{"command":"count","settings":"items=20","share":"1/2"})";
  EXPECT_TRUE(text.starts_with(start + "}\n{\"item\":1,\"square\":1}\n")) << text;
  EXPECT_NE(text.find("{\"item\":5,\"square\":25}\n{\"item\":5}\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(start + ",\"items\":20,\"results\":11,\"done\":10}\n")) << text;
}

TEST(Run, GoesOnAfterAKillAnywhere) {
  const ScratchFolder folder;
  run_until({folder.path("whole"), "", "", false}, 100);
  const std::string whole = folder.read("whole");
  for (std::uint64_t first = 1; first < 20; first += 4)
    for (std::uint64_t second = first; second <= 21; second += 8) {
      const Place place{folder.path("out"), folder.path("checkpoint"), "", true};
      run_until(place, first);
      run_until(place, second);
      run_until(place, 100);
      EXPECT_EQ(folder.read("out"), whole) << first << " " << second;
      std::filesystem::remove(place.checkpoint);
    }
}

TEST(Run, ADatabaseGoesOnAsWell) {
  const ScratchFolder folder;
  run_until({"", "", folder.path("whole"), false}, 100);
  const auto results = [](const std::string& path) {
    std::vector<std::string> all;
    const auto store = Store::open(path);
    EXPECT_TRUE(store);
    EXPECT_TRUE(store->each(job, [&](const Store::Result& result) {
      all.push_back(std::to_string(result.item) + "." + std::to_string(result.part) + result.json);
    }));
    all.push_back(without_host(store->share(job)->value().end));
    return all;
  };
  const auto whole = results(folder.path("whole"));
  EXPECT_EQ(whole.size(), 12U);
  for (std::uint64_t killed = 1; killed < 20; killed += 6) {
    const Place place{"", "", folder.path(std::to_string(killed)), true};
    run_until(place, killed);
    run_until(place, 100);
    EXPECT_EQ(results(place.database), whole) << killed;
  }
}

TEST(Run, WhatIsFinishedHasNothingLeftToDo) {
  const ScratchFolder folder;
  for (const Place& place : {Place{folder.path("out"), folder.path("checkpoint"), "", true},
                             Place{"", "", folder.path("db"), true}}) {
    run_until(place, 100);
    auto again = Run::open(job, place, header);
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->complete());
    EXPECT_EQ(again->state(), "all 10");
  }
}

TEST(Run, WhatWasBegunIsNotOverwrittenUnasked) {
  const ScratchFolder folder;
  for (Place place : {Place{folder.path("out"), folder.path("checkpoint"), "", false},
                      Place{"", "", folder.path("db"), false}}) {
    run_until(place, 9);
    const auto again = Run::open(job, place, header);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, RunErrorKind::Exists);
  }
}

TEST(Run, OfAnotherJobIsNotGoneOnWith) {
  const ScratchFolder folder;
  const Place place{folder.path("out"), folder.path("checkpoint"), "", true};
  run_until(place, 9);
  const auto other = Run::open({"count", "items=21", {1, 2}}, place, header);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, RunErrorKind::OtherJob);
}

TEST(Run, ResultsShorterThanTheCheckpointAreNotGoneOnWith) {
  const ScratchFolder folder;
  const Place place{folder.path("out"), folder.path("checkpoint"), "", true};
  run_until(place, 15);
  folder.write("out", "");
  const auto again = Run::open(job, place, header);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(),
            (RunError{RunErrorKind::Output, place.output, "shorter than its checkpoint says"}));
}

TEST(Run, PlacesMustGoTogether) {
  for (const Place& place : {Place{"", "checkpoint", "", false}, Place{"out", "", "db", false},
                             Place{"", "checkpoint", "db", false}, Place{"out", "", "", true}}) {
    const auto run = Run::open(job, place, header);
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().kind, RunErrorKind::Usage);
  }
}

}  // namespace
}  // namespace assay::fleet
