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
#include "name_list.hpp"

namespace assay::tool {

// A target by name, and the FILTER arguments that make its stack.
struct Named {
  std::string name;
  std::vector<std::string> filters;  // none for the one that `name` names
};

// The targets of a command in order: one for each name, or one whose filters are all of them.
class Targets {
 public:
  explicit Targets(NameList names, bool one_stack = false)
      : names_(std::move(names)), one_stack_(one_stack) {}

  std::size_t size() const { return one_stack_ ? 1 : names_.size(); }
  Named operator[](std::size_t i) const;
  const NameList& names() const { return names_; }

 private:
  NameList names_;
  bool one_stack_;
};

// Folders become their files, in order, profiles of several targets each of these, pid:* every
// process under a filter.
NameList expand(NameList operands, const CommandLine& line);
// The names, a line each, in the file that the option names, however long that is; or, after a
// complaint, the status to end with.
tl::expected<NameList, ExitStatus> read_list(const CommandLine& line, const char* option);
// The operands, and the names in the file of --targets.
tl::expected<NameList, ExitStatus> operands_and_listed(const CommandLine& line);

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
