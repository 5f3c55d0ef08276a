#include "long_job.hpp"

#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>

#include "signals.hpp"

namespace assay::tool {

void add_job_options(CommandLine& line) {
  line.add({
      {"shard", OptionKind::Text, "I/N", "only the items k with k mod N = I, as JSON"},
      {"checkpoint", OptionKind::Text, "FILE",
       "keep there, once a second, how far the results in --output have come"},
      {"database", OptionKind::Text, "FILE",
       "results into an SQLite file, which keeps how far they have come as well"},
      {"resume", OptionKind::Flag, "", "go on where a killed run was, or begin"},
  });
}

tl::expected<unsigned, ExitStatus> read_jobs(const CommandLine& line, unsigned preset) {
  return line.number("jobs", 1, 1024, preset);
}

bool is_job(const CommandLine& line) {
  return line.has("shard") || line.has("checkpoint") || line.has("database") || line.has("resume");
}

tl::expected<shard::Share, ExitStatus> share_of(const CommandLine& line) {
  if (!line.has("shard")) return shard::Share{};
  const std::string text = line.text("shard");
  if (const auto share = shard::parse_share(text)) return *share;
  return tl::unexpected(line.usage("option '--shard': found '" + load::printable(text, 80) +
                                   "', expected I/N, such as 0/4 to 3/4"));
}

tl::expected<fleet::Run, ExitStatus> open_run(const CommandLine& line, std::string_view command,
                                              std::string settings) {
  const auto share = share_of(line);
  if (!share) return tl::unexpected(share.error());
  const shard::Job job{std::string(command), std::move(settings), *share};
  const fleet::Place place{line.text("output"), line.text("checkpoint"), line.text("database"),
                           line.has("resume")};
  auto run = fleet::Run::open(job, place, json_document(line.semantics()).dump());
  if (run) return std::move(*run);
  if (run.error().kind == fleet::RunErrorKind::Usage)
    return tl::unexpected(line.usage(to_string(run.error())));
  return tl::unexpected(failed(run.error()));
}

ExitStatus not_a_state() {
  complain("what was saved of this run is none of its states");
  return bad_input;
}

namespace {

// Else the status to end with.
tl::expected<ExitStatus, ExitStatus> saved_status(const fleet::Run& run) {
  const std::string& state = run.state();
  if (state.empty()) return yes;
  if (state.size() != 1 || state[0] < '0' || state[0] > '0' + not_decided)
    return tl::unexpected(not_a_state());
  return static_cast<ExitStatus>(state[0] - '0');
}

}  // namespace

tl::expected<BegunShare, ExitStatus> begin_share(const CommandLine& line, std::string_view command,
                                                 std::string settings) {
  const auto share = share_of(line);
  if (!share) return tl::unexpected(share.error());
  auto run = open_run(line, command, std::move(settings));
  if (!run) return tl::unexpected(run.error());
  const auto status = saved_status(*run);
  if (!status) return tl::unexpected(status.error());
  return BegunShare{*share, std::move(*run), *status};
}

std::string settings_of(const CommandLine& line, const NameList& targets,
                        std::span<const char* const> options) {
  // FNV-1a: no adversary, and the same everywhere.
  std::uint64_t digest = 0xcbf29ce484222325;
  bool processes = false;
  const auto add = [&](char c) {
    digest = (digest ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  };
  for (const std::string_view target : targets) {
    for (const char c : target) add(c);
    add('\0');
    processes |= target.starts_with("pid:");
  }
  std::array<char, 16> hex{};
  const auto written = std::to_chars(hex.data(), hex.data() + hex.size(), digest, 16);
  std::string settings =
      "targets=" + std::to_string(targets.size()) + "#" + std::string(hex.data(), written.ptr);
  std::array<char, 256> host{};
  if (processes && ::gethostname(host.data(), host.size() - 1) == 0)
    settings += " host=" + std::string(host.data());
  for (const char* const option : options)
    if (line.has(option)) settings += " " + std::string(option) + "=" + line.given(option);
  return settings;
}

std::string document(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ExitStatus failed(const fleet::RunError& error) {
  using Kind = fleet::RunErrorKind;
  if (error.kind == Kind::ClosedPipe) end_by_closed_pipe();
  complain(load::printable(to_string(error)));
  switch (error.kind) {
    case Kind::Usage:
    case Kind::Exists:
    case Kind::OtherJob: return bad_usage;
    case Kind::Checkpoint: return bad_input;
    default: return cannot;
  }
}

}  // namespace assay::tool
