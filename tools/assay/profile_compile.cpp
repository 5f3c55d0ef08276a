// assay profile compile: the filters that a runtime would load.
#include <unistd.h>

#include "assay/bpf/codec.hpp"
#include "assay/text/assembly.hpp"
#include "profile_actions.hpp"
#include "profile_options.hpp"

namespace assay::tool {
namespace {

using Filters = std::vector<profile::Filter>;

tl::expected<bpf::Format, ExitStatus> output_format(const CommandLine& line) {
  const bool terminal = !line.has("output") && ::isatty(STDOUT_FILENO) == 1;
  if (!line.has("output-format")) return terminal ? bpf::Format::Text : bpf::Format::Raw;
  const auto word = line.choice("output-format", {"raw", "raw-be", "text", "ddd", "hex", "c"});
  if (!word) return tl::unexpected(word.error());
  return *load::find_format(*word);
}

std::string encoded(const profile::Filter& filter, bpf::Format format) {
  if (format == bpf::Format::Text) return text::disassemble(filter.instructions);
  return bpf::encode(filter.instructions, format);
}

Json to_json(const CommandLine& line, const load::Profile& profile, const profile::Target& target,
             const Filters& filters) {
  Json json = target_json(line, profile, target);
  json["libseccomp"] = profile::libseccomp_version();
  json["filters"] = Json::array();
  for (const profile::Filter& filter : filters)
    json["filters"].push_back({{"name", filter.name.empty() ? Json() : Json(filter.name)},
                               {"insns", filter.instructions.size()},
                               {"hex", bpf::encode(filter.instructions, bpf::Format::Hex)}});
  json["findings"] = findings_json(all_findings(profile), profile.targets.files);
  return json;
}

}  // namespace

ExitStatus compile_profile(const ProfileJob& job, const load::Profile& profile) {
  const auto format = output_format(job.line);
  if (!format) return format.error();
  std::size_t count = 0;
  ExitStatus worst = yes;
  const bool one = job.line.operands().size() == 2 && profile.targets.targets.size() == 1;
  for (const profile::Target& target : profile.targets.targets) {
    const auto filters = compile(target, profile.environment, job.options.form);
    if (!filters) {
      worst = worse(worst, complain_of(profile, filters.error().refusals));
      continue;
    }
    count += filters->size();
    if (job.line.json()) {
      job.output.write(json_line(to_json(job.line, profile, target, *filters)));
      continue;
    }
    const bool readable = *format == bpf::Format::Text;
    if (!readable && (!one || filters->size() != 1))
      return job.line.usage("found " + std::to_string(filters->size()) + " filters of " +
                            title(profile, target) +
                            ", expected one: --output-format text and --format json take more");
    for (const profile::Filter& filter : *filters) {
      if (readable && (!one || filters->size() != 1))
        job.output.write("; " + title(profile, target) +
                         (filter.name.empty() ? "" : ": " + load::printable(filter.name)) + "\n");
      job.output.write(encoded(filter, *format));
    }
  }
  if (count == 0 && worst == yes)
    job.line.note(load::printable(profile.file) + ": no filter is loaded");
  return worst;
}

}  // namespace assay::tool
