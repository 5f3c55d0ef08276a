#include "audit_targets.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "assay/audit/machine.hpp"
#include "assay/kernel/processes.hpp"
#include "assay/text/lines.hpp"
#include "assay/text/rejection.hpp"
#include "assay/verify/accept.hpp"

namespace assay::tool {
namespace {

constexpr std::string_view process_prefix = "pid:";
constexpr std::size_t longest_name = 65536;  // of a line in a list

NameList files_of(const std::string& folder) {
  NameList files;
  std::error_code error;
  using Walk = std::filesystem::recursive_directory_iterator;
  const auto skip = std::filesystem::directory_options::skip_permission_denied;
  for (Walk at(folder, skip, error), end; !error && at != end; at.increment(error))
    if (at->is_regular_file(error)) files.add(at->path().native());
  files.sort();
  return files;
}

NameList confined_processes() {
  NameList names;
  const auto processes = kernel::list_processes();
  if (!processes) return names;
  for (const auto& process : *processes)
    if (process.mode == kernel::Mode::Filter)
      names.add(std::string(process_prefix) + std::to_string(process.pid));
  return names;
}

// A profile may describe several threads or containers, each with filters of its own.
NameList parts_of(const std::string& file, const CommandLine& line) {
  NameList parts;
  constexpr std::array<std::string_view, 3> endings{".json", ".yaml", ".yml"};
  const bool may = std::any_of(endings.begin(), endings.end(),
                               [&](std::string_view ending) { return file.ends_with(ending); });
  const auto profile =
      may ? std::optional(load::load_profile(file, line.filter_options().profile)) : std::nullopt;
  if (profile && *profile && (*profile)->targets.targets.size() > 1) {
    for (const auto& target : (*profile)->targets.targets) parts.add(file + "#" + target.name);
  } else {
    parts.add(file);
  }
  return parts;
}

// Each name becomes `names_for(name)`. A list in which all stay what they are is not copied.
template <class NamesFor>
NameList replaced(NameList list, const NamesFor& names_for) {
  NameList result;
  bool changed = false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string name(list[i]);
    NameList now = names_for(name);
    if (!changed && now.size() == 1 && now[0] == name) continue;
    for (std::size_t before = 0; !changed && before < i; ++before) result.add(list[before]);
    changed = true;
    result.add(std::move(now));
  }
  return changed ? std::move(result) : std::move(list);
}

NameList names_of(const std::string& operand, const CommandLine& line) {
  const auto with_parts = [&](const std::string& file) { return parts_of(file, line); };
  if (operand == "pid:*") return confined_processes();
  std::error_code error;
  if (!std::filesystem::is_directory(operand, error)) return with_parts(operand);
  return replaced(files_of(operand), with_parts);
}

// The process that a target is, if it is one as a whole.
std::optional<int> process_of(const std::string& argument) {
  if (!argument.starts_with(process_prefix)) return std::nullopt;
  const std::string digits = argument.substr(process_prefix.size());
  const bool whole = !digits.empty() && digits.size() < 10 &&
                     digits.find_first_not_of("0123456789") == std::string::npos;
  return whole ? std::optional(std::stoi(digits)) : std::nullopt;
}

tl::expected<audit::Filter, Problem> accepted(const load::Filter& filter,
                                              const seccomp::Semantics& semantics) {
  const auto program = verify::accept(filter.instructions, semantics);
  if (program) return audit::Filter{filter.file, *program, filter.flags};
  return tl::unexpected(Problem{
      load::printable(filter.file) + ": rejected: " + text::to_text(program.error()), bad_input});
}

tl::expected<std::vector<audit::Filter>, Problem> filters_of(const kernel::CapturedStack& stack,
                                                             const std::string& name,
                                                             const seccomp::Semantics& semantics) {
  std::vector<audit::Filter> filters;
  for (const auto& captured : stack.filters) {
    const load::Filter filter{name + "/" + std::to_string(filters.size()), captured.instructions,
                              captured.flags};
    auto one = accepted(filter, semantics);
    if (!one) return tl::unexpected(one.error());
    filters.push_back(std::move(*one));
  }
  return filters;
}

bool same(const std::vector<audit::Filter>& a, const std::vector<audit::Filter>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.program == y.program; });
}

// The first thread's stack, and those of other threads that differ.
tl::expected<LoadedTarget, Problem> load_process(int pid, const std::string& name,
                                                 const audit::Surroundings& surroundings) {
  const auto threads = kernel::filters_of_threads(pid);
  if (!threads) {
    const auto error = load::from_capture(name, threads.error());
    return tl::unexpected(Problem{load::describe(error), status_of(error)});
  }
  LoadedTarget loaded;
  loaded.target.name = name;
  loaded.target.surroundings = surroundings;
  loaded.target.surroundings.process = audit::process_of(pid);
  bool first = true;
  for (const auto& stack : *threads) {
    auto filters = filters_of(stack, name, surroundings.machine.semantics);
    if (!filters) return tl::unexpected(filters.error());
    if (first) {
      loaded.target.filters = std::move(*filters);
    } else if (!same(*filters, loaded.target.filters)) {
      loaded.target.other_threads.push_back(std::move(*filters));
    }
    first = false;
  }
  loaded.sources.resize(loaded.target.filters.size());
  return loaded;
}

// The text of a file that is one, read again for what the filters themselves do not tell; stdin
// is read once.
std::string text_of(const std::string& argument) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(argument, error)) return {};
  auto file = load::InputFile::open(argument);
  if (!file) return {};
  auto bytes = load::read_up_to(*file, load::text_limit);
  if (!bytes || bytes->find('\0') != std::string::npos) return {};
  return std::move(*bytes);
}

using Sources = std::vector<std::shared_ptr<const audit::Source>>;

// Of the only target of a profile, which load_filters() has compiled. A unit has no rules.
Sources sources_of_profile(const std::string& argument, const CommandLine& line) {
  Sources sources;
  const auto profile = load::load_profile(argument, line.filter_options().profile);
  if (!profile || profile->targets.targets.size() != 1) return sources;
  for (const profile::RuleSet& rules : profile->targets.targets[0].filters)
    sources.push_back(audit::rules_source(rules, profile->environment, profile->targets.files));
  return sources;
}

// One for each filter of the argument, or null.
Sources sources_of(const std::string& argument, const std::string& text, const CommandLine& line,
                   const std::vector<load::Filter>& filters) {
  const auto format = line.filter_options().format;
  const bool part = text.empty() && argument.find('#') != std::string::npos;
  Sources sources;
  if (part || (!format && !text.empty() && load::is_profile(text, argument))) {
    sources = sources_of_profile(argument, line);
  } else if (!text.empty()) {
    bpf::Lines lines;
    const auto bytes = bpf::bytes_of(text);
    if (text::decode(bytes, format ? *format : bpf::detect(bytes), bpf::default_limit, &lines) &&
        filters.size() == 1 && lines.size() == filters[0].instructions.size())
      sources.push_back(audit::text_source(argument, std::move(lines)));
  }
  sources.resize(filters.size());
  return sources;
}

std::optional<Problem> add_filters(LoadedTarget& loaded, const std::string& argument,
                                   const CommandLine& line) {
  const auto filters = load::load_filters(argument, line.filter_options());
  if (!filters) return Problem{load::describe(filters.error()), status_of(filters.error())};
  for (const load::Filter& filter : *filters) {
    auto one = accepted(filter, loaded.target.surroundings.machine.semantics);
    if (!one) return one.error();
    loaded.target.filters.push_back(std::move(*one));
  }
  const std::string text = text_of(argument);
  for (auto& source : sources_of(argument, text, line, *filters))
    loaded.sources.push_back(std::move(source));
  const auto found = audit::suppressions_in(text);
  auto& all = loaded.suppressions;
  all.good.insert(all.good.end(), found.good.begin(), found.good.end());
  all.bad.insert(all.bad.end(), found.bad.begin(), found.bad.end());
  return std::nullopt;
}

void count_instructions(LoadedTarget& loaded) {
  for (const audit::Filter& filter : loaded.target.filters) loaded.insns += filter.program.size();
}

load::InputError too_long(const std::string& list, std::uint64_t offset) {
  return {.kind = load::InputErrorKind::TooLarge,
          .file = list,
          .offset = offset,
          .found = "a line of more than " + std::to_string(longest_name) + " bytes",
          .expected = "a name in each",
          .suggestion{}};
}

// Portion by portion: a list is as long as it is, only its names are kept.
tl::expected<NameList, load::InputError> names_in(const std::string& list) {
  auto file = load::InputFile::open(list);
  if (!file) return tl::unexpected(file.error());
  NameList names;
  std::string name;  // begun, without its end yet
  const auto end_name = [&] {
    if (!name.empty()) names.add(name);
    name.clear();
  };
  std::vector<char> portion(65536);
  for (std::uint64_t offset = 0;;) {
    const auto size = file->read(portion.data(), portion.size());
    if (!size) return tl::unexpected(size.error());
    if (*size == 0) break;
    for (std::string_view left(portion.data(), *size); !left.empty();) {
      const std::size_t end = std::min(left.find('\n'), left.size());
      name += left.substr(0, end);
      if (name.size() > longest_name)
        return tl::unexpected(too_long(list, offset + *size - left.size() + end - name.size()));
      if (end == left.size()) break;
      end_name();
      left.remove_prefix(end + 1);
    }
    offset += *size;
  }
  end_name();
  return names;
}

}  // namespace

Named Targets::operator[](std::size_t i) const {
  if (!one_stack_) return {std::string(names_[i]), {}};
  return {"stack", {names_.begin(), names_.end()}};
}

NameList expand(NameList operands, const CommandLine& line) {
  return replaced(std::move(operands),
                  [&](const std::string& operand) { return names_of(operand, line); });
}

tl::expected<NameList, ExitStatus> read_list(const CommandLine& line, const char* option) {
  auto names = names_in(line.text(option));
  if (names) return std::move(*names);
  complain(load::describe(names.error()));
  return tl::unexpected(status_of(names.error()));
}

tl::expected<NameList, ExitStatus> operands_and_listed(const CommandLine& line) {
  NameList operands;
  for (const std::string& operand : line.operands()) operands.add(operand);
  if (!line.has("targets")) return operands;
  auto more = read_list(line, "targets");
  if (!more) return tl::unexpected(more.error());
  operands.add(std::move(*more));
  return operands;
}

tl::expected<LoadedTarget, Problem> load_target(const Named& named, const CommandLine& line,
                                                const audit::Surroundings& surroundings) {
  if (const auto pid = named.filters.size() < 2 ? process_of(named.name) : std::nullopt) {
    auto loaded = load_process(*pid, named.name, surroundings);
    if (loaded) count_instructions(*loaded);
    return loaded;
  }
  LoadedTarget loaded;
  loaded.target.name = named.name;
  loaded.target.surroundings = surroundings;
  const std::span<const std::string> itself(&named.name, 1);
  for (const std::string& argument :
       named.filters.empty() ? itself : std::span<const std::string>(named.filters))
    if (auto problem = add_filters(loaded, argument, line)) return tl::unexpected(*problem);
  count_instructions(loaded);
  return loaded;
}

}  // namespace assay::tool
