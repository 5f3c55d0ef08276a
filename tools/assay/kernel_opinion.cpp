#include "kernel_opinion.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "assay/kernel/oracle.hpp"
#include "diagnostics.hpp"

namespace assay::tool {
namespace {

using Answer = tl::expected<seccomp::Verdict, std::string>;

Answer no_answer(std::string_view why) { return tl::unexpected(std::string(why)); }

// One program after the other is asked.
class Asked {
 public:
  explicit Asked(kernel::Oracle oracle) : oracle_(std::move(oracle)) {}

  Answer operator()(std::span<const verify::Program> stack, const seccomp::SeccompData& record) {
    std::vector<seccomp::Verdict> values;
    for (const verify::Program& program : stack) {
      if (silent_) return no_answer(kernel::describe(kernel::FailureKind::TimeLimit));
      const auto answer = oracle_.value(program, {&record, 1});
      if (!answer) {
        // A kernel that is stuck leaves a process behind at each question.
        silent_ = answer.error().kind == kernel::FailureKind::TimeLimit;
        return no_answer(kernel::describe(answer.error().kind));
      }
      const kernel::Value& value = answer->front();
      if (!value && value.error() == kernel::NotAskable::ForeignArch) return no_answer("arch");
      if (!value) return no_answer(kernel::describe(value.error()));
      values.push_back({*value});
    }
    return seccomp::strongest(values);
  }

 private:
  kernel::Oracle oracle_;
  bool silent_ = false;
};

using Opened = tl::expected<profile::Opinion, std::string>;

Opened open_kernel() {
  auto oracle = kernel::Oracle::open();
  if (!oracle) return tl::unexpected(std::string(kernel::describe(oracle.error().lack)));
  const auto asked = std::make_shared<Asked>(std::move(*oracle));
  return [asked](auto stack, const auto& record) { return (*asked)(stack, record); };
}

}  // namespace

tl::expected<profile::Opinion, ExitStatus> running_kernel() {
  auto opened = open_kernel();
  if (opened) return std::move(*opened);
  complain("no opinion of the running kernel: " + opened.error());
  return tl::unexpected(cannot);
}

profile::Opinion running_kernel_if_possible() {
  return [opened = std::make_shared<std::optional<Opened>>()](auto stack, const auto& record) {
    if (!*opened) *opened = open_kernel();
    const Opened& kernel = **opened;
    return kernel ? (*kernel)(stack, record) : no_answer(kernel.error());
  };
}

}  // namespace assay::tool
