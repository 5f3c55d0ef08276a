#include "call_questions.hpp"

#include "assay/names/syscalls.hpp"
#include "assay/seccomp/arch.hpp"

namespace assay::test {

std::optional<CallQuestion> call_question(const std::string& line) {
  const auto words = split(line);
  const auto arch = seccomp::find_arch(words.front());
  if (!arch) return std::nullopt;
  seccomp::SeccompData data;
  data.arch = describe(*arch).audit;
  const auto named = names::syscall_number(*arch, words.at(1));
  data.nr = named ? *named : static_cast<std::uint32_t>(std::stol(words[1], nullptr, 0));
  for (std::size_t i = 2; i + 1 < words.size(); ++i)
    data.args.at(static_cast<std::size_t>(words[i].at(3) - '0')) = parse_number(words[i].substr(5));
  return CallQuestion{seccomp::words(data, describe(*arch).order), words.back()};
}

}  // namespace assay::test
