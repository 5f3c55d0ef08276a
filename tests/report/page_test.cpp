#include "assay/report/page.hpp"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "assay/sample/program.hpp"
#include "assay/text/assembly.hpp"
#include "assay/verify/accept.hpp"
#include "pattern.hpp"

namespace assay::report {
namespace {

using nlohmann::json;

verify::Program program(std::string_view text) {
  return verify::accept(text::assemble(text).value()).value();
}

constexpr std::string_view no_exec =
    "ld [arch]\njne #AUDIT_ARCH_X86_64, kill\nld [nr]\njeq #x86_64.execve, deny\n"
    "jeq #x86_64.socket, args, allow\nargs: ld [args[0].lo]\njeq #2, deny, allow\n"
    "deny: ret #ERRNO(EPERM)\nallow: ret #ALLOW\nkill: ret #KILL_PROCESS\n";

Subject subject(std::string name, std::vector<verify::Program> programs) {
  Subject result;
  result.target.name = name;
  for (verify::Program& each : programs)
    result.target.filters.push_back({name, std::move(each), std::nullopt});
  return result;
}

std::string page_of(const Subject& one, const PageOptions& options = {}) {
  return page(std::array{one}, options);
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

std::vector<std::string> matches(const std::string& text, const char* pattern) {
  std::vector<std::string> found;
  for (const test::Match& match : test::Pattern(pattern).all(text)) found.push_back(match[1]);
  return found;
}

json data_of(const std::string& html) {
  constexpr std::string_view open = "id=\"data\">";
  const std::size_t begin = html.find(open) + open.size();
  return json::parse(html.substr(begin, html.find("</script>", begin) - begin));
}

audit::Finding finding() {
  audit::Finding found;
  found.rule = "made-up";
  found.severity = audit::Severity::High;
  found.message = "execve gets through";
  found.location.filter = 0;
  found.location.insn = 3;
  found.evidence.kind = audit::EvidenceKind::Witness;
  audit::Exhibit call;
  call.shows = "gets through";
  call.words =
      seccomp::words({59, 0xc000003e, 0, {1, 0x1234567890, 0, 0, 0, 0}}, std::endian::little);
  call.verdict = seccomp::Verdict{seccomp::value_of(seccomp::Action::Allow)};
  found.evidence.calls.push_back(call);
  found.requirements.push_back({"CAP_SYS_ADMIN", std::nullopt});
  found.help = "Refuse it.";
  return found;
}

TEST(Page, IsTheSameEachTime) {
  const Subject one = subject("a", {program(no_exec)});
  EXPECT_EQ(page_of(one), page_of(one));
}

TEST(Page, HasEveryCallOfThePolicyByName) {
  const std::string html = page_of(subject("a", {program(no_exec)}));
  EXPECT_NE(html.find("<th scope=\"row\" class=\"call\">execve</th>"), std::string::npos);
  EXPECT_NE(html.find("ERRNO(1) <small>EPERM</small>"), std::string::npos);
  EXPECT_NE(html.find("<code>arg0.lo == 2</code>"), std::string::npos);
  EXPECT_NE(html.find("<th scope=\"row\" class=\"call\">openat2</th>"), std::string::npos)
      << "calls with the default verdict too";
}

TEST(Page, LeadsFromAFindingToItsInstructionAndBack) {
  Subject one = subject("a", {program(no_exec)});
  one.findings.push_back(finding());
  const std::string html = page_of(one);
  EXPECT_NE(html.find("href=\"#p0i3\">instruction 3</a>"), std::string::npos);
  EXPECT_NE(html.find("<tr id=\"p0i3\""), std::string::npos);
  EXPECT_NE(html.find("<a href=\"#finding-0-0\">made-up</a>"), std::string::npos);
  EXPECT_NE(html.find("id=\"finding-0-0\""), std::string::npos);
}

TEST(Page, ShowsTheEvidenceOfAFinding) {
  Subject one = subject("a", {program(no_exec)});
  one.findings.push_back(finding());
  const std::string html = page_of(one);
  for (const std::string_view part :
       {"execve gets through", "--arch x86_64 --syscall execve --arg 0=1 --arg 1=0x1234567890",
        "gets through", "CAP_SYS_ADMIN", "not known here", "Refuse it.", "1 high"})
    EXPECT_NE(html.find(part), std::string::npos) << part;
}

TEST(Page, SaysWhyThereAreNoFindings) {
  Subject one = subject("a", {program(no_exec)});
  EXPECT_NE(page_of(one).find("Nothing to report."), std::string::npos);
  one.without_findings = "Not decided within the budget.";
  const std::string html = page_of(one);
  EXPECT_EQ(html.find("Nothing to report."), std::string::npos);
  EXPECT_NE(html.find("Not decided within the budget."), std::string::npos);
}

TEST(Page, TellsTwoTargetsApart) {
  const std::array both{subject("a", {program(no_exec)}), subject("b", {program("ret #ALLOW\n")})};
  const std::string html = page(both);
  EXPECT_NE(html.find("B is the more permissive one throughout"), std::string::npos);
  EXPECT_GT(count(html, "data-differs"), 2U);
  const std::array same{both[0], both[0]};
  EXPECT_NE(page(same).find("Both mean the same"), std::string::npos);
  EXPECT_EQ(count(page(same), "<tr id=\"p0i0\""), 1U) << "one listing for one program";
}

TEST(Page, OfNoFilterAtAllIsAPage) {
  const std::string html = page_of(subject("unfiltered", {}));
  EXPECT_NE(html.find("ALLOW"), std::string::npos);
}

TEST(Page, AnchorsAreUniqueAndLinksLeadToThem) {
  Subject one = subject("a", {program(no_exec), program("ld [nr]\njeq #1, +0, +1\nret #LOG\n"
                                                        "ret #ALLOW\n")});
  one.findings.push_back(finding());
  const std::string html = page_of(one);
  const auto ids = matches(html, " id=\"([^\"]*)\"");
  const std::set<std::string> known(ids.begin(), ids.end());
  EXPECT_EQ(known.size(), ids.size());
  for (const std::string& link : matches(html, " href=\"([^\"]*)\"")) {
    ASSERT_EQ(link.at(0), '#') << link;
    EXPECT_TRUE(known.count(link.substr(1))) << link;
  }
}

TEST(Page, LoadsNothingAndAllowsNoOtherScript) {
  const std::string html = page_of(subject("a", {program(no_exec)}));
  EXPECT_EQ(matches(html, "(<(?:link|img|iframe|object|embed)\\b)").size(), 0U);
  EXPECT_EQ(matches(html, "(\\ssrc=)").size(), 0U);
  EXPECT_EQ(matches(html, "(@import|url\\()").size(), 0U);
  EXPECT_NE(html.find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(matches(html, "'sha256-([A-Za-z0-9+/]{43}=)'").size(), 2U);
  EXPECT_EQ(html.find("unsafe-inline"), std::string::npos);
}

TEST(Page, HostileTextStaysText) {
  const std::string evil =
      "</script><script>alert(1)</script><img src=x onerror=\"a\">'&\x1b[2J\xff";
  Subject one = subject(evil, {program(no_exec)});
  audit::Finding found = finding();
  found.rule = found.message = found.help = found.location.file = evil;
  found.evidence.statement = found.evidence.checked = found.evidence.unit = evil;
  found.evidence.calls[0].shows = evil;
  found.requirements[0].text = evil;
  one.findings.push_back(found);
  const std::string html = page(std::array{one, one});
  EXPECT_EQ(count(html, "<script"), 2U) << "data and script of the page";
  EXPECT_EQ(count(html, "</script"), 2U);
  EXPECT_EQ(html.find("<img"), std::string::npos);
  EXPECT_EQ(html.find('\x1b'), std::string::npos);
  EXPECT_EQ(html.find('\xff'), std::string::npos);
  EXPECT_EQ(data_of(html)["subjects"][0]["name"].get<std::string>().substr(0, 9), "</script>");
}

TEST(Page, DataHoldTheInstructionsAsTheyAre) {
  const verify::Program each = program(no_exec);
  const json data = data_of(page_of(subject("a", {each, each})));
  ASSERT_EQ(data["programs"].size(), 1U) << "one program, twice in the stack";
  EXPECT_EQ(data["subjects"][0]["filters"], json({0, 0}));
  const json& insns = data["programs"][0]["insns"];
  ASSERT_EQ(insns.size(), each.size());
  for (std::size_t pc = 0; pc < each.size(); ++pc)
    EXPECT_EQ(insns[pc], json({each[pc].code, each[pc].jt, each[pc].jf, each[pc].k}));
}

TEST(Page, DataHoldTheRulesOfTheSemantics) {
  PageOptions options;
  options.semantics = *seccomp::find_semantics("linux-4.4-ppc64le-jit");
  const json data = data_of(page_of(subject("a", {program(no_exec)}), options));
  EXPECT_EQ(data["rules"]["shift"], "modulo-64");
  EXPECT_EQ(data["rules"]["signedActions"], false);
  for (const json& action : data["actions"]) EXPECT_NE(action["name"], "KILL_PROCESS");
}

TEST(Page, WithoutAPolicySaysSoAndShowsTheRest) {
  PageOptions options;
  options.budget.nodes = 10;
  const std::string html = page_of(subject("a", {program(no_exec)}), options);
  EXPECT_NE(html.find("Not decided: the node limit was reached"), std::string::npos);
  EXPECT_NE(html.find("class=\"flow\""), std::string::npos);
  EXPECT_NE(html.find("<tr id=\"p0i3\""), std::string::npos);
}

TEST(Page, SaysWhereThePictureIsPlain) {
  PageOptions options;
  options.drawing.dot = "no-such-dot";
  const std::string html = page_of(subject("a", {program(no_exec)}), options);
  EXPECT_NE(html.find("Graphviz (dot) is not installed: this is a plain layout"),
            std::string::npos);
}

// The largest filter whose boxes are all different: a test of bits each.
verify::Program many_boxes() {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "ld [args[" + std::to_string(i % 6) + "].lo]\nadd #" + std::to_string(i) + "\njset #" +
            std::to_string(1U << (i % 32)) + ", +0, +1\nret #" + std::to_string(0x50000 + i) + "\n";
  return program(text + "ret #ALLOW\n");
}

TEST(Page, SizeIsBoundedForLongFiltersAndDeepStacks) {
  PageOptions options;
  options.budget.nodes = 20000;
  options.drawing.dot = "";
  constexpr std::size_t megabyte = std::size_t{1} << 20;
  EXPECT_LT(page_of(subject("long", {many_boxes()}), options).size(), 4 * megabyte);
  std::vector<verify::Program> deep;
  for (int i = 0; i < 1500; ++i)
    deep.push_back(program("ld [nr]\njeq #" + std::to_string(i) + ", +0, +1\nret #ERRNO(" +
                           std::to_string(i % 4000) + ")\nret #ALLOW\n"));
  const std::string html = page_of(subject("deep", deep), options);
  EXPECT_LT(html.size(), 8 * megabyte);
  EXPECT_NE(html.find("more filters are not drawn"), std::string::npos);
}

TEST(Page, OfRandomFiltersIsWellFormed) {
  PageOptions options;
  options.budget.nodes = 20000;
  options.drawing.dot = "";
  for (std::uint64_t index = 0; index < 40; ++index) {
    SCOPED_TRACE("seed 5, index " + std::to_string(index));
    sample::Random random(5, index);
    const std::string html =
        page_of(subject("drawn", {sample::accepted_program(random, 64)}), options);
    for (const char* tag : {"section", "table", "tr", "td", "th", "a", "g", "svg", "div", "code"}) {
      const std::string name(tag);
      EXPECT_EQ(count(html, "<" + name + ">") + count(html, "<" + name + " "),
                count(html, "</" + name + ">"))
          << name;
    }
    EXPECT_TRUE(data_of(html).is_object());
  }
}

}  // namespace
}  // namespace assay::report
