#include "assay/fleet/merge.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "assay/fleet/run.hpp"
#include "assay/fleet/summary.hpp"
#include "fleet/scratch_folder.hpp"
#include "fleet/without_host.hpp"

namespace assay::fleet {
namespace {

constexpr std::uint64_t items = 23;
constexpr std::string_view header = R"({"assay":"0.1.0","semantics":"linux-6.18"})";

shard::Job job(std::uint64_t index, std::uint64_t count) {
  return {"count", "seed=1", {index, count}};
}

// The share, up to an item; without its last document when it ends there.
void write_share(const Place& place, const shard::Job& job, std::uint64_t until = items) {
  auto run = Run::open(job, place, header);
  ASSERT_TRUE(run) << to_string(run.error());
  std::uint64_t odd = 0;
  for (std::uint64_t item = job.share.next(0); item < until; item = job.share.next(item + 1)) {
    ASSERT_TRUE(run->add(item, "{\"value\":" + std::to_string(item * 3) + "}"));
    odd += item % 2;
  }
  if (until < items) {
    ASSERT_TRUE(run->save(until, ""));
  } else {
    ASSERT_TRUE(run->finish(items, "{\"odd\":" + std::to_string(odd) + ",\"by\":{\"all\":1}}"));
  }
}

class Merging : public testing::Test {
 protected:
  Store store_ = *Store::open("");
  Merge merge_{store_};
  ScratchFolder folder_;

  std::string share(std::uint64_t index, std::uint64_t count, std::uint64_t until = items) {
    const std::string path = folder_.path(std::to_string(index) + "-" + std::to_string(count) +
                                          "-" + std::to_string(until));
    write_share({path, "", "", false}, job(index, count), until);
    return path;
  }
  void add(const std::string& file) {
    const auto added = merge_.add(file);
    ASSERT_TRUE(added) << to_string(added.error());
  }
  void end() { ASSERT_TRUE(merge_.end()); }
  std::string whole() {
    std::string text;
    EXPECT_TRUE(write_whole(store_, job(0, 1),
                            [&](std::string_view line) { text += std::string(line) + "\n"; }));
    return text;
  }
  std::vector<std::string> flaws() const {
    std::vector<std::string> told;
    for (const Flaw& flaw : merge_.flaws())
      told.push_back(std::string(name(flaw.kind)) + ": " + flaw.detail);
    return told;
  }
  std::vector<std::string> repeats() const {
    std::vector<std::string> told;
    for (const Flaw& flaw : merge_.repeats())
      told.push_back(std::string(name(flaw.kind)) + ": " + flaw.detail);
    return told;
  }
  static std::string unsharded() {
    const ScratchFolder folder;
    write_share({folder.path("whole"), "", "", false}, job(0, 1));
    // Each share adds one to `all`, and the count of results comes last in a sum.
    return without_host(folder.read("whole"));
  }
  static std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> all;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) all.push_back(line);
    return all;
  }
};

TEST_F(Merging, SharesInAnyOrderAreTheUnshardedRun) {
  for (const std::uint64_t index : {2U, 0U, 3U, 1U}) add(share(index, 4));
  end();
  EXPECT_EQ(flaws(), std::vector<std::string>{});
  EXPECT_EQ(merge_.results(), items);
  auto merged = lines(whole());
  auto expected = lines(unsharded());
  ASSERT_EQ(merged.size(), expected.size());
  EXPECT_EQ(
      merged.back(),
      R"({"assay":"0.1.0","semantics":"linux-6.18","job":{"command":"count",)"
      R"("settings":"seed=1","share":"0/1"},"items":23,"results":23,"odd":11,"by":{"all":4}})");
  merged.pop_back();
  expected.pop_back();
  EXPECT_EQ(merged, expected);
}

TEST_F(Merging, TheSameResultTwiceIsOne) {
  for (const std::uint64_t index : {0U, 1U, 0U}) add(share(index, 2));
  add(share(0, 1));
  end();
  EXPECT_EQ(flaws(), std::vector<std::string>{});
  EXPECT_EQ(merge_.results(), items);
  EXPECT_EQ(merge_.duplicates(), 12 + items);
  EXPECT_EQ(repeats(), (std::vector<std::string>{"duplicate: count seed=1, share 0/2",
                                                 "duplicate: 23 results"}));
}

TEST_F(Merging, AShareWithoutResultsIsNamedTheSecondTimeToo) {
  const std::string start = R"({"job":{"command":"c","settings":"","share":"0/1"})";
  const std::string share = start + "}\n" + start + R"(,"items":5,"results":0})" + "\n";
  add(folder_.write("once", share));
  add(folder_.write("again", share));
  end();
  EXPECT_EQ(flaws(), std::vector<std::string>{});
  EXPECT_EQ(merge_.repeats(),
            (std::vector<Flaw>{{FlawKind::Duplicate, folder_.path("again"), "c, share 0/1"}}));
}

TEST_F(Merging, AMissingShareIsNamed) {
  add(share(0, 3));
  add(share(2, 3));
  end();
  EXPECT_EQ(flaws(), std::vector<std::string>{"missing: count seed=1, share 1/3"});
}

TEST_F(Merging, AShareThatWasKilledIsNamedAndItsResultsKept) {
  add(share(0, 2, 10));
  add(share(1, 2));
  end();
  EXPECT_EQ(flaws(), std::vector<std::string>{"unended: count seed=1, share 0/2"});
  EXPECT_EQ(merge_.results(), 5U + 11U);
}

TEST_F(Merging, ARepeatedShareInADatabaseIsNamed) {
  write_share({"", "", folder_.path("db"), false}, job(0, 2));
  add(folder_.path("db"));
  add(share(1, 2));
  add(folder_.path("db"));
  end();
  EXPECT_EQ(flaws(), std::vector<std::string>{});
  EXPECT_EQ(
      merge_.repeats(),
      (std::vector<Flaw>{{FlawKind::Duplicate, folder_.path("db"), "count seed=1, share 0/2"}}));
}

TEST_F(Merging, ACutFileIsNamedAndItsWholeLinesKept) {
  const std::string path = share(0, 1);
  const std::string text = folder_.read("0-1-23");
  for (const std::size_t size : {text.size() - 1, text.size() - 5, text.size() / 2}) {
    Store store = *Store::open("");
    Merge merge(store);
    ASSERT_TRUE(merge.add(folder_.write("cut", text.substr(0, size))));
    const auto whole_lines =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size), '\n');
    ASSERT_EQ(merge.flaws().size(), 2U);
    EXPECT_EQ(merge.flaws().front(), (Flaw{FlawKind::CutOff, folder_.path("cut"),
                                           "after line " + std::to_string(whole_lines)}));
    EXPECT_EQ(merge.flaws().back().kind, FlawKind::Unended);
    EXPECT_EQ(merge.results(), static_cast<std::uint64_t>(whole_lines) - 1);
  }
}

TEST_F(Merging, TwoDifferentResultsOfAnItemAreAConflict) {
  add(share(0, 1));
  std::string text = folder_.read("0-1-23");
  text.replace(text.find("\"value\":9}"), 9, "\"value\":8");
  add(folder_.write("other", text));
  end();
  EXPECT_EQ(flaws(), std::vector<std::string>{"conflict: count seed=1, share 0/1, item 3"});
}

TEST_F(Merging, AnyJsonWillDo) {
  const std::string start = R"({ "job": {"command": "c", "settings": "", "share": "0/1"})";
  add(folder_.write("spaced", start + "}\n" + R"({ "value" : 3, "item": 0 })" + "\n" +
                                  R"({"item": 1, "value": 4})" + "\n" + start +
                                  R"(, "items": 2, "results": 2})" + "\n"));
  std::vector<std::string> results;
  EXPECT_TRUE(store_.each({"c", "", {0, 1}},
                          [&](const Store::Result& result) { results.push_back(result.json); }));
  EXPECT_EQ(results, (std::vector<std::string>{R"({"value":3})", R"({"value":4})"}));
}

TEST_F(Merging, TotalsThatOneShareLacksKeepTheirOrder) {
  const auto write = [&](const std::string& name, const std::string& share,
                         const std::string& counts) {
    const std::string start = R"({"job":{"command":"c","settings":"","share":")" + share + "\"}";
    return folder_.write(name, start + "}\n" + start + R"(,"items":2,"results":0,"counts":)" +
                                   counts + ",\"kernel\":\"x\"}\n");
  };
  add(write("a", "0/2", R"({"b":1,"d":1.5})"));
  add(write("b", "1/2", R"({"a":2,"c":3,"d":1})"));
  end();
  std::string last;
  EXPECT_TRUE(write_whole(store_, {"c", "", {0, 1}}, [&](std::string_view line) { last = line; }));
  EXPECT_NE(last.find(R"("counts":{"a":2,"b":1,"c":3,"d":2.5},"kernel":"x")"), std::string::npos)
      << last;
}

TEST_F(Merging, DatabasesAndLinesMix) {
  write_share({"", "", folder_.path("db"), false}, job(0, 2));
  add(folder_.path("db"));
  add(share(1, 2));
  end();
  EXPECT_EQ(flaws(), std::vector<std::string>{});
  EXPECT_EQ(merge_.results(), items);
}

TEST_F(Merging, WhatIsNoResultIsAnErrorWithItsPlace) {
  const std::string good = R"({"job":{"command":"c","settings":"","share":"0/1"}})";
  const std::pair<std::string, MergeError> rows[] = {
      {"", {"", 0, "nothing", "the first document of a job"}},
      {"hello\n", {"", 1, "hello", "a JSON object"}},
      {"{\"item\":1}\n", {"", 1, "{\"item\":1}", "the first document of a job"}},
      {good + "\n{\"x\":1}\n", {"", 2, "{\"x\":1}", "a result with its item"}},
      {good + "\n{\"item\":-1}\n", {"", 2, "{\"item\":-1}", "a result with its item"}},
      {good + "\n" + R"({"job":{"command":"d","settings":"","share":"0/1"}})" + "\n",
       {"", 2, "d, share 0/1", "c, share 0/1"}},
  };
  for (const auto& [text, expected] : rows) {
    const auto added = merge_.add(folder_.write("bad", text));
    ASSERT_FALSE(added) << text;
    MergeError error = added.error();
    EXPECT_EQ(std::exchange(error.file, ""), folder_.path("bad"));
    EXPECT_EQ(error, expected) << text;
  }
}

TEST_F(Merging, ADatabaseOfSomebodyElseIsRefused) {
  {
    auto store = Store::open(folder_.path("other"));
    ASSERT_TRUE(store->ask("PRAGMA application_id = 7"));
  }
  const auto added = merge_.add(folder_.path("other"));
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().found, "no results of assay, or of another version");
}

TEST_F(Merging, TheSummaryCountsFiltersProcessesAndFindings) {
  const std::string start = R"({"assay":"0.1.0","job":{"command":"audit","settings":"host=)";
  const auto results = [&](const std::string& name, const std::string& extra) {
    return folder_.write(
        name, start + name + R"(","share":"0/1"}})" + "\n" +
                  R"({"item":0,"target":"pid:7/0","fingerprint":"a1:aa","findings":[)" +
                  R"({"rule":"x32-open","severity":"high","message":"open"},)" +
                  R"({"rule":"deny-list","severity":"info","message":"list"}]})" + "\n" +
                  R"({"item":1,"target":"pid:7/1","fingerprint":"a1:bb","findings":[]})" + "\n" +
                  R"({"item":2,"target":"pid:9/0","fingerprint":"a1:aa","findings":[)" +
                  R"({"rule":"x32-open","severity":"high","message":"open"}]})" + "\n" + extra +
                  start + name + R"(","share":"0/1"},"items":3,"results":3})" + "\n");
  };
  add(results("one", ""));
  add(results("two", R"({"item":3,"target":"a.bpf","fingerprint":"a1:cc"})"
                     "\n"));
  end();
  {
    auto before = Store::open(folder_.path("before"));
    Merge merge(*before);
    ASSERT_TRUE(merge.add(folder_.path("one")));
    ASSERT_TRUE(merge.end());
  }
  const auto summary = summary_of(store_, folder_.path("before"));
  ASSERT_TRUE(summary) << summary.error().reason;
  ASSERT_EQ(summary->filters.size(), 3U);
  EXPECT_EQ(summary->filters[0].fingerprint, "a1:aa");
  EXPECT_EQ(summary->filters[0].processes, 4U);
  EXPECT_FALSE(summary->filters[0].fresh);
  EXPECT_EQ(summary->filters[2].fingerprint, "a1:cc");
  EXPECT_EQ(summary->filters[2].processes, 0U);
  EXPECT_EQ(summary->filters[2].targets, 1U);
  EXPECT_TRUE(summary->filters[2].fresh);
  ASSERT_EQ(summary->findings.size(), 2U);
  EXPECT_EQ(summary->findings[0].rule, "x32-open");
  EXPECT_EQ(summary->findings[0].targets, 4U);
  EXPECT_FALSE(summary->findings[0].fresh);
  EXPECT_EQ(summary->results, 7U);
}

TEST_F(Merging, AProcessThatTwoJobsOfAHostSawIsOne) {
  const auto results = [&](const std::string& command, const std::string& settings,
                           const std::string& field) {
    const std::string start =
        R"({"job":{"command":")" + command + R"(","settings":")" + settings + R"(","share":"0/1"})";
    return folder_.write(command, start + "}\n" + R"({"item":0,")" + field +
                                      R"(":"pid:7","fingerprint":"a1:aa"})" + "\n" + start +
                                      R"(,"items":1,"results":1})" + "\n");
  };
  add(results("fingerprint", "targets=1#5 host=one", "file"));
  add(results("audit", "targets=1#5 host=one severity=high", "target"));
  add(results("other", "targets=1#5 host=on", "target"));
  end();
  const auto summary = summary_of(store_, std::nullopt);
  ASSERT_TRUE(summary) << summary.error().reason;
  ASSERT_EQ(summary->filters.size(), 1U);
  EXPECT_EQ(summary->filters[0].processes, 2U);
}

}  // namespace
}  // namespace assay::fleet
