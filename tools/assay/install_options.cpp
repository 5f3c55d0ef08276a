#include "install_options.hpp"

#include <algorithm>
#include <array>

#include "assay/load/record.hpp"

namespace assay::tool {
namespace {

struct FlagName {
  std::string_view name;
  std::uint32_t flag;
};

constexpr auto flag_names = std::to_array<FlagName>({
    {"TSYNC", verify::tsync},
    {"LOG", verify::log},
    {"SPEC_ALLOW", verify::spec_allow},
    {"NEW_LISTENER", verify::new_listener},
    {"TSYNC_ESRCH", verify::tsync_esrch},
    {"WAIT_KILLABLE_RECV", verify::wait_killable_recv},
});
constexpr std::string_view flag_prefix = "SECCOMP_FILTER_FLAG_";

std::string upper_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '-') c = '_';
  }
  return result;
}

// One name or number.
std::optional<std::uint32_t> parse_flag(std::string_view text) {
  if (const auto number = load::parse_nr(text)) return *number;
  const std::string upper = upper_case(text);
  std::string_view name = upper;
  if (name.starts_with(flag_prefix)) name.remove_prefix(flag_prefix.size());
  for (const FlagName& row : flag_names)
    if (row.name == name) return row.flag;
  return std::nullopt;
}

tl::expected<std::uint32_t, ExitStatus> parse_flags(const CommandLine& line,
                                                    const std::string& text) {
  std::uint32_t flags = 0;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find_first_of(",|", at), text.size());
    const std::string_view word = std::string_view(text).substr(at, end - at);
    const auto flag = parse_flag(word);
    if (!flag) {
      std::vector<std::string_view> names;
      for (const FlagName& row : flag_names) names.push_back(row.name);
      return tl::unexpected(
          line.usage("option '--flags': found '" + load::printable(word) +
                     "', expected a number or TSYNC, LOG, SPEC_ALLOW, NEW_LISTENER, TSYNC_ESRCH, "
                     "WAIT_KILLABLE_RECV" +
                     did_you_mean(word, names)));
    }
    flags |= *flag;
    at = end + 1;
  }
  return flags;
}

tl::expected<bool, ExitStatus> yes_or_no(const CommandLine& line, const char* option,
                                         bool otherwise) {
  if (!line.has(option)) return otherwise;
  const auto answer = line.choice(option, {"yes", "no"});
  if (!answer) return tl::unexpected(answer.error());
  return *answer == "yes";
}

}  // namespace

void add_install_options(CommandLine& line) {
  line.add({{"privileged", OptionKind::Text, "ANSWER",
             "yes|no: whether the caller has CAP_SYS_ADMIN and CAP_BPF; no means that it has "
             "not set no_new_privs either"},
            {"no-new-privs", OptionKind::Text, "ANSWER",
             "yes|no: whether it has; the default is yes unless --privileged no is given"},
            {"jit-harden", OptionKind::Text, "LEVEL",
             "0|1|2, net.core.bpf_jit_harden: 1 lengthens the filters of callers without "
             "CAP_BPF, 2 all"},
            {"flags", OptionKind::Text, "FLAGS",
             "SECCOMP_FILTER_FLAG_*, with commas between (tsync,log), or their number"},
            {"chain", OptionKind::Text, "N",
             "what the caller's filters take already of the 32768 instructions that a chain may "
             "have: chain_length + 4 for each"},
            {"stack", OptionKind::Flag, "",
             "the filters are installed one on top of the other, oldest first"}});
}

tl::expected<Circumstances, ExitStatus> read_install_options(const CommandLine& line) {
  Circumstances result;
  const auto privileged = yes_or_no(line, "privileged", false);
  if (!privileged) return tl::unexpected(privileged.error());
  const auto no_new_privs = yes_or_no(line, "no-new-privs", !line.has("privileged") || *privileged);
  if (!no_new_privs) return tl::unexpected(no_new_privs.error());
  result.installer.sys_admin = *privileged;
  result.installer.no_new_privs = *no_new_privs;

  const auto harden = line.number("jit-harden", 0, 2, 0);
  if (!harden) return tl::unexpected(harden.error());
  const bool blinded = *harden == 2 || (*harden == 1 && !*privileged);
  result.installer.blinding = blinded ? verify::Blinding::On : verify::Blinding::Off;

  // Stands for one filter that takes as much; its penalty is part of N.
  constexpr unsigned penalty = verify::chain_penalty;
  const auto chain = line.number("chain", 0, verify::chain_limit + penalty, 0);
  if (!chain) return tl::unexpected(chain.error());
  if (*chain > 0) result.installer.attached = {std::max(*chain, penalty) - penalty};

  if (line.has("flags")) {
    const auto flags = parse_flags(line, line.text("flags"));
    if (!flags) return tl::unexpected(flags.error());
    result.flags = *flags;
  }
  return result;
}

std::string_view sentence(verify::InstallKind kind) {
  using Kind = verify::InstallKind;
  switch (kind) {
    case Kind::UnknownFlags: return "a flag that this kernel does not know";
    case Kind::TsyncWithListener:
      return "TSYNC and NEW_LISTENER exclude each other without TSYNC_ESRCH";
    case Kind::KillableWithoutListener: return "WAIT_KILLABLE_RECV needs NEW_LISTENER";
    case Kind::ProgramUnreadable: return "struct sock_fprog cannot be read";
    case Kind::NotPrivileged: return "the caller has neither no_new_privs nor CAP_SYS_ADMIN";
    case Kind::NoInstructions: return "the pointer to the instructions is null";
    case Kind::InstructionsUnreadable: return "the instructions cannot be read";
    case Kind::NoDescriptor: return "no descriptor is free for the listener";
    case Kind::InStrictMode: return "the caller is in strict mode";
    case Kind::ListenerExists: return "a filter of the caller has a live listener";
    case Kind::ChainFull:
      return "the caller's filters together would exceed 32768 converted instructions";
    case Kind::ThreadDiverged: return "another thread has filters that the caller has not";
    case Kind::Installed:
    case Kind::BadLength:
    case Kind::Rejected: break;
  }
  return "";
}

}  // namespace assay::tool
