// The TARGETs of an audit: what the operands name, one by one, and each as the filters and
// surroundings that the rules are asked about.
#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "assay/audit/audit.hpp"
#include "assay/audit/selection.hpp"
#include "assay/audit/source.hpp"
#include "command_line.hpp"

namespace assay::tool {

// A target by name, and the FILTER arguments that make its stack.
struct Named {
  std::string name;
  std::vector<std::string> filters;  // none for the one that `name` names
};

// Folders become their files, in order, profiles of several targets each of these, pid:* every
// process under a filter.
std::vector<Named> expand(std::vector<std::string> operands, bool as_one_stack,
                          const CommandLine& line);
// The names, a line each, in the file that the option names, however long that is; or, after a
// complaint, the status to end with.
tl::expected<std::vector<std::string>, ExitStatus> read_list(const CommandLine& line,
                                                             const char* option);
// The operands, and the names in the file of --targets.
tl::expected<std::vector<std::string>, ExitStatus> operands_and_listed(const CommandLine& line);

// What could not be audited: a sentence that names the target.
struct Problem {
  std::string sentence;
  ExitStatus status{};
};

struct LoadedTarget {
  audit::Target target;
  std::vector<std::shared_ptr<const audit::Source>> sources;  // one for each filter, or null
  std::size_t insns = 0;
  audit::Suppressions suppressions;
};

// May be called from several threads.
tl::expected<LoadedTarget, Problem> load_target(const Named& named, const CommandLine& line,
                                                const audit::Surroundings& surroundings);

}  // namespace assay::tool
