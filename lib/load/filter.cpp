#include "assay/load/filter.hpp"

#include <array>
#include <charconv>
#include <filesystem>

#include "assay/text/assembly.hpp"

namespace assay::load {
namespace {

struct FormatName {
  bpf::Format format;
  std::string_view name;
};

constexpr auto format_names = std::to_array<FormatName>({
    {bpf::Format::Raw, "raw"},
    {bpf::Format::RawBe, "raw-be"},
    {bpf::Format::Text, "text"},
    {bpf::Format::Decimal, "ddd"},
    {bpf::Format::Hex, "hex"},
    {bpf::Format::C, "c"},
});

constexpr std::string_view process_prefix = "pid:";

bool is_raw(bpf::Format format) {
  return format == bpf::Format::Raw || format == bpf::Format::RawBe;
}

InputError error_of(InputErrorKind kind, std::string_view file, std::string found,
                    std::string expected) {
  return {.kind = kind,
          .file = std::string(file),
          .found = std::move(found),
          .expected = std::move(expected),
          .suggestion{}};
}

InputError too_large(std::string_view file, std::size_t limit, std::uint64_t size) {
  const std::string what = size > 0 ? std::to_string(size) : "more";
  std::string most = "at most " + std::to_string(limit);
  if (limit == raw_limit) most += " (" + std::to_string(bpf::default_limit) + " instructions)";
  InputError error = error_of(InputErrorKind::TooLarge, file, what + " bytes", std::move(most));
  error.offset = limit;
  return error;
}

InputError malformed(std::string_view file, const bpf::DecodeError& cause) {
  InputError error = error_of(InputErrorKind::Malformed, file, cause.found, cause.expected);
  error.line = cause.line;
  error.column = cause.column;
  error.offset = cause.offset;
  error.suggestion = cause.suggestion;
  return error;
}

// The filters of the only target: several would be no stack.
tl::expected<std::vector<Filter>, InputError> compiled(const Profile& profile, profile::Form form) {
  const auto& targets = profile.targets.targets;
  if (targets.size() != 1) {
    std::string names;
    for (const profile::Target& target : targets)
      names += (names.empty() ? "" : ", ") + printable(target.name, 60);
    const bool none = targets.empty();
    return tl::unexpected(
        error_of(none ? InputErrorKind::NoFilter : InputErrorKind::Argument, profile.file,
                 none ? "a profile without filters" : std::to_string(targets.size()) + " targets",
                 none ? "one with filters" : profile.file + "#NAME, with NAME one of " + names));
  }
  auto stack = compile(targets[0], profile.environment, form);
  if (!stack) return tl::unexpected(from_refusals(stack.error().refusals, profile));
  std::vector<Filter> filters;
  for (profile::Filter& filter : *stack)
    filters.push_back({profile.file + (filter.name.empty() ? "" : ": " + filter.name),
                       std::move(filter.instructions), std::nullopt});
  return filters;
}

tl::expected<std::vector<Filter>, InputError> load_file(std::string_view argument,
                                                        const FilterOptions& options) {
  const auto format = options.format;
  if (!format && argument.rfind('#') != std::string_view::npos) {
    std::error_code error;
    if (!std::filesystem::exists(argument, error)) {
      const auto profile = load_profile(argument, options.profile);
      if (!profile) return tl::unexpected(profile.error());
      return compiled(*profile, options.profile.form);
    }
  }
  auto file = InputFile::open(argument);
  if (!file) return tl::unexpected(file.error());
  const std::size_t limit = format && is_raw(*format) ? raw_limit : text_limit;
  if (const std::uint64_t size = file->known_size(); size > limit)
    return tl::unexpected(too_large(argument, limit, size));
  const auto bytes = read_up_to(*file, limit);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!format && is_profile(*bytes, argument)) {
    const auto profile = argument == "-" ? read_profile(*bytes, argument, options.profile)
                                         : load_profile(argument, options.profile);
    if (!profile) return tl::unexpected(profile.error());
    return compiled(*profile, options.profile.form);
  }
  auto instructions = decode_filter(*bytes, argument, format);
  if (!instructions) return tl::unexpected(instructions.error());
  std::vector<Filter> filters;
  filters.push_back({std::string(argument), std::move(*instructions), std::nullopt});
  return filters;
}

struct ProcessArgument {
  int tid = 0;
  std::optional<std::size_t> index;
};

std::optional<ProcessArgument> parse_process(std::string_view text) {
  ProcessArgument result;
  const char* const end = text.data() + text.size();
  auto [after, error] = std::from_chars(text.data(), end, result.tid);
  if (error != std::errc{} || result.tid <= 0) return std::nullopt;
  if (after == end) return result;
  if (*after != '/') return std::nullopt;
  std::size_t index = 0;
  const auto [last, index_error] = std::from_chars(after + 1, end, index);
  if (index_error != std::errc{} || last != end) return std::nullopt;
  result.index = index;
  return result;
}

tl::expected<std::vector<Filter>, InputError> load_process(std::string_view argument,
                                                           const StackReader& live) {
  const auto process = parse_process(argument.substr(process_prefix.size()));
  if (!process)
    return tl::unexpected(
        error_of(InputErrorKind::Argument, argument, "",
                 "pid:N or pid:N/I (a file of that name: ./" + printable(argument) + ")"));
  const auto stack = live ? live(process->tid) : kernel::filters_of(process->tid);
  if (!stack) return tl::unexpected(from_capture(argument, stack.error()));
  const std::size_t count = stack->filters.size();
  if (count == 0)
    return tl::unexpected(error_of(InputErrorKind::NoFilter, argument,
                                   "seccomp mode " + std::string(kernel::name(stack->mode)),
                                   "a process with filters"));
  if (process->index && *process->index >= count)
    return tl::unexpected(error_of(InputErrorKind::NoFilter, argument,
                                   std::to_string(count) + " filters",
                                   "an index below " + std::to_string(count)));
  std::vector<Filter> filters;
  for (std::size_t i = 0; i < count; ++i) {
    if (process->index && *process->index != i) continue;
    filters.push_back({"pid:" + std::to_string(process->tid) + "/" + std::to_string(i),
                       stack->filters[i].instructions, stack->filters[i].flags});
  }
  return filters;
}

}  // namespace

std::optional<bpf::Format> find_format(std::string_view name) {
  for (const FormatName& row : format_names)
    if (row.name == name) return row.format;
  return std::nullopt;
}

std::string_view name(bpf::Format format) {
  return format_names[static_cast<std::size_t>(format)].name;
}

InputError from_capture(std::string_view file, const kernel::CaptureFailure& failure) {
  const bool gone = failure.problem == kernel::CaptureProblem::NoSuchProcess;
  InputError error = error_of(gone ? InputErrorKind::NoProcess : InputErrorKind::Machine, file,
                              std::string(kernel::describe(failure.problem)), "");
  error.error = failure.error;
  return error;
}

tl::expected<std::vector<bpf::Instruction>, InputError> decode_filter(
    std::string_view bytes, std::string_view file, std::optional<bpf::Format> format) {
  const bpf::Format chosen = format ? *format : bpf::detect(bpf::bytes_of(bytes));
  const std::size_t limit = is_raw(chosen) ? raw_limit : text_limit;
  if (bytes.size() > limit) return tl::unexpected(too_large(file, limit, 0));
  auto decoded = text::decode(bpf::bytes_of(bytes), chosen);
  if (!decoded) return tl::unexpected(malformed(file, decoded.error()));
  return std::move(*decoded);
}

tl::expected<std::vector<Filter>, InputError> load_filters(std::string_view argument,
                                                           const FilterOptions& options) {
  if (argument.starts_with(process_prefix)) return load_process(argument, options.live);
  return load_file(argument, options);
}

}  // namespace assay::load
