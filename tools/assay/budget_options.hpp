// The options of commands that prove something: how much that may cost, and what is said,
// on stderr and in JSON, when it was not enough (exit 5).
#pragma once

#include <optional>
#include <string_view>
#include <tl/expected.hpp>

#include "assay/symbolic/budget.hpp"
#include "assay/symbolic/question.hpp"
#include "command_line.hpp"
#include "json.hpp"

namespace assay::tool {

// --node-limit and --time-limit.
void add_budget_options(CommandLine& line);
// The status after a complaint about one of them.
tl::expected<symbolic::Budget, ExitStatus> read_budget(const CommandLine& line);

// Who is asked when the diagrams give up, within the same time.
symbolic::DeciderFactory decider(const symbolic::Budget& budget);

// {"limit":"nodes","nodes":N,"calls":{"and":N,...},"remembered":{...},"solver":null}
Json counters_json(const symbolic::Unanswered& open);
// Complains: "SUBJECT: not decided: ...; --node-limit N raises it". `budget` says what N was.
ExitStatus undecided(std::string_view subject, const symbolic::Unanswered& open,
                     const symbolic::Budget& budget);

}  // namespace assay::tool
