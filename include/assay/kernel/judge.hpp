// Whoever answers a campaign: the running kernel, or in tests somebody who lies on purpose.
#pragma once

#include "assay/kernel/oracle.hpp"

namespace assay::kernel {

class Judge {
 public:
  virtual ~Judge() = default;
  virtual tl::expected<std::vector<int>, Failure> accept(
      std::span<const Instructions> programs) = 0;
  virtual tl::expected<std::vector<Value>, Failure> value(
      const verify::Program& program, std::span<const seccomp::SeccompData> records) = 0;
  virtual tl::expected<std::vector<Sight>, Failure> verdict(
      std::span<const verify::Program> stack, std::span<const seccomp::SeccompData> records,
      Detail detail) = 0;
};

// The running kernel. Does not own the oracle.
class KernelJudge : public Judge {
 public:
  explicit KernelJudge(Oracle& oracle) : oracle_(oracle) {}
  tl::expected<std::vector<int>, Failure> accept(std::span<const Instructions> programs) override {
    return oracle_.accept(programs);
  }
  tl::expected<std::vector<Value>, Failure> value(
      const verify::Program& program, std::span<const seccomp::SeccompData> records) override {
    return oracle_.value(program, records);
  }
  tl::expected<std::vector<Sight>, Failure> verdict(std::span<const verify::Program> stack,
                                                    std::span<const seccomp::SeccompData> records,
                                                    Detail detail) override {
    return oracle_.verdict(stack, records, detail);
  }

 private:
  Oracle& oracle_;
};

}  // namespace assay::kernel
