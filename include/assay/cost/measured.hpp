// The kernel's own nanoseconds for a filter, beside a model of them.
//
// What is measured: calls under the filters as they are, the same with the bitmap excluded, and
// one call over the depth of the chain. The model is fitted to filters made for the purpose on
// the same machine in the same rounds, none of them the one in question:
//
//   in the bitmap: a constant; else first + further * (filters - 1) + instruction * executed
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <tl/expected.hpp>
#include <vector>

#include "assay/kernel/measure.hpp"

namespace assay::cost {

struct KernelModel {
  double bitmap = 0;  // nanoseconds, all of them
  double first = 0;
  double further = 0;
  double instruction = 0;

  double run(std::size_t filters, std::uint32_t executed) const;
};

// The least squares of measured chains; nothing of fewer than three, or of ones too much alike.
struct ChainPoint {
  std::size_t filters = 0;
  std::uint32_t executed = 0;
  double ns = 0;
};
std::optional<KernelModel> fit(std::span<const ChainPoint> points, double bitmap);

struct MeasuredCall {
  std::uint32_t nr = 0;
  kernel::Timing timing;           // as it is
  kernel::Timing run;              // with the bitmap excluded, where it is not already
  std::optional<bool> bitmap_hit;  // nothing where the two cannot be told apart
  std::optional<double> model;
};

struct MeasuredDepth {
  std::size_t filters = 0;
  kernel::Timing timing;  // as it is
  kernel::Timing run;     // with the bitmap excluded
  std::optional<double> model;
};

struct Measured {
  std::vector<MeasuredCall> calls;
  std::vector<MeasuredDepth> depths;  // of copies of the newest filter, for getppid
  std::optional<KernelModel> model;   // nothing where the noise does not support one
  kernel::Estimate nothing;           // what no filter at all seems to add
};

inline constexpr std::size_t most_depth = 32;

tl::expected<Measured, kernel::Unavailable> measure(std::span<const verify::Program> oldest_first,
                                                    std::span<const std::uint32_t> numbers,
                                                    const kernel::MeterOptions& options = {});

}  // namespace assay::cost
