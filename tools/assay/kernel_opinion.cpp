#include "kernel_opinion.hpp"

#include <memory>
#include <string>

#include "assay/kernel/oracle.hpp"
#include "diagnostics.hpp"

namespace assay::tool {
namespace {

// One program after the other is asked.
profile::Opinion opinion_of(const std::shared_ptr<kernel::Oracle>& oracle) {
  return
      [oracle](std::span<const verify::Program> stack,
               const seccomp::SeccompData& record) -> tl::expected<seccomp::Verdict, std::string> {
        std::vector<seccomp::Verdict> values;
        for (const verify::Program& program : stack) {
          const auto answer = oracle->value(program, {&record, 1});
          if (!answer) return tl::unexpected(std::string(kernel::describe(answer.error().kind)));
          const kernel::Value& value = answer->front();
          if (!value && value.error() == kernel::NotAskable::ForeignArch)
            return tl::unexpected(std::string("arch"));
          if (!value) return tl::unexpected(std::string(kernel::describe(value.error())));
          values.push_back({*value});
        }
        return seccomp::strongest(values);
      };
}

}  // namespace

tl::expected<profile::Opinion, ExitStatus> running_kernel() {
  auto oracle = kernel::Oracle::open();
  if (oracle) return opinion_of(std::make_shared<kernel::Oracle>(std::move(*oracle)));
  complain("no opinion of the running kernel: " +
           std::string(kernel::describe(oracle.error().lack)));
  return tl::unexpected(cannot);
}

}  // namespace assay::tool
