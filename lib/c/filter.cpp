// Making filters, and asking whether the kernel would take them.
#include "assay/load/filter.hpp"

#include <algorithm>
#include <string_view>

#include "assay/text/printable.hpp"
#include "assay/text/rejection.hpp"
#include "assay/verify/accept.hpp"
#include "assay/verify/chain.hpp"
#include "c/handles.hpp"

namespace assay::c {
namespace {

struct Settings {
  seccomp::Semantics semantics;
  symbolic::Budget budget;
};

tl::expected<Settings, Failure> settings_of(const assay_options* options) {
  Settings settings;
  if (options == nullptr) return settings;
  if (options->size != sizeof(assay_options))
    return fail(ASSAY_BAD_USAGE, "options.size is not sizeof(assay_options)");
  if (options->semantics != nullptr) {
    const auto found = seccomp::find_semantics(options->semantics);
    if (!found)
      return fail(ASSAY_BAD_USAGE, "found '" + text::printable(options->semantics, 80) +
                                       "', expected a kernel such as linux-4.14");
    settings.semantics = *found;
  }
  if (options->node_limit != 0) settings.budget.nodes = options->node_limit;
  if (options->time_limit_ms != 0)
    settings.budget.time = std::chrono::milliseconds(options->time_limit_ms);
  return settings;
}

tl::expected<std::vector<bpf::Instruction>, Failure> decode(const void* bytes, std::size_t size,
                                                            const char* format) {
  if (bytes == nullptr && size > 0) return fail(ASSAY_BAD_USAGE, "bytes is NULL");
  std::optional<bpf::Format> chosen;
  if (format != nullptr && std::string_view(format) != "auto") {
    chosen = load::find_format(format);
    if (!chosen)
      return fail(ASSAY_BAD_USAGE, "found '" + text::printable(format, 80) +
                                       "', expected auto, raw, raw-be, text, ddd, hex or c");
  }
  const std::string_view text(static_cast<const char*>(bytes), size);
  auto decoded = load::decode_filter(text, "filter", chosen);
  if (!decoded) return fail(ASSAY_BAD_INPUT, load::describe(decoded.error()));
  return std::move(*decoded);
}

Outcome read(const void* bytes, std::size_t size, const char* format, const assay_options* options,
             assay_filter** filter) {
  if (filter == nullptr) return fail(ASSAY_BAD_USAGE, "filter is NULL");
  const auto settings = settings_of(options);
  if (!settings) return tl::unexpected(settings.error());
  const auto instructions = decode(bytes, size, format);
  if (!instructions) return tl::unexpected(instructions.error());
  const auto program = verify::accept(*instructions, settings->semantics);
  if (!program) return fail(ASSAY_NO, text::to_text(program.error()));
  *filter = new assay_filter{{*program}, settings->semantics, settings->budget};
  return ASSAY_YES;
}

Outcome stack(const assay_filter* const* oldest_first, std::size_t count, assay_filter** to) {
  if (oldest_first == nullptr || to == nullptr || count == 0)
    return fail(ASSAY_BAD_USAGE, "expected at least one filter");
  if (std::find(oldest_first, oldest_first + count, nullptr) != oldest_first + count)
    return fail(ASSAY_BAD_USAGE, "one of the filters is NULL");
  assay_filter all{{}, oldest_first[0]->semantics, oldest_first[0]->budget};
  for (std::size_t i = 0; i < count; ++i) {
    const auto& programs = oldest_first[i]->programs;
    all.programs.insert(all.programs.end(), programs.begin(), programs.end());
  }
  *to = new assay_filter(std::move(all));
  return ASSAY_YES;
}

Outcome check(const void* bytes, std::size_t size, const char* format, const assay_options* options,
              char** json) {
  if (json == nullptr) return fail(ASSAY_BAD_USAGE, "json is NULL");
  const auto settings = settings_of(options);
  if (!settings) return tl::unexpected(settings.error());
  const auto instructions = decode(bytes, size, format);
  if (!instructions) return tl::unexpected(instructions.error());
  const auto program = verify::accept(*instructions, settings->semantics);
  report::Json result = document(settings->semantics);
  result["insns"] = instructions->size();
  result["accepted"] = program.has_value();
  const verify::Rejection* const rejection = program ? nullptr : &program.error();
  result["errno"] = rejection != nullptr ? report::Json(rejection->error) : report::Json();
  const bool at = rejection != nullptr && rejection->insn;
  result["insn"] = at ? report::Json(*rejection->insn) : report::Json();
  result["kind"] = rejection != nullptr ? report::Json(name(rejection->kind)) : report::Json();
  result["reason"] =
      rejection != nullptr ? report::Json(text::to_text(*rejection)) : report::Json();
  result["chain_length"] = program
                               ? report::Json(verify::chain_cost(*program, {}, settings->semantics))
                               : report::Json();
  return hand_out(result.dump(), json, program ? ASSAY_YES : ASSAY_NO);
}

}  // namespace
}  // namespace assay::c

extern "C" {

const char* assay_version(void) { return ASSAY_VERSION; }
void assay_free(void* text) { std::free(text); }
void assay_filter_free(assay_filter* filter) { delete filter; }

assay_status assay_filter_read(const void* bytes, size_t size, const char* format,
                               const assay_options* options, assay_filter** filter, char** why) {
  return assay::c::at_border(why,
                             [&] { return assay::c::read(bytes, size, format, options, filter); });
}

assay_status assay_filter_stack(const assay_filter* const* oldest_first, size_t count,
                                assay_filter** stack, char** why) {
  return assay::c::at_border(why, [&] { return assay::c::stack(oldest_first, count, stack); });
}

assay_status assay_check(const void* bytes, size_t size, const char* format,
                         const assay_options* options, char** json, char** why) {
  return assay::c::at_border(why,
                             [&] { return assay::c::check(bytes, size, format, options, json); });
}

}  // extern "C"
