// A filter whose function is not decided, by (arch, nr): run with nothing else known, a
// program either returns without having looked at more, or comes to the first load of
// something unknown. From there on what is left of it is a shorter program.
#pragma once

#include <map>
#include <span>

#include "assay/compiled/compiled_filter.hpp"

namespace assay::compiled {

class Specialiser {
 public:
  Specialiser(CompiledFilter& filter, std::span<const verify::Program> oldest_first)
      : filter_(filter), programs_(oldest_first) {}

  void build();

 private:
  // What is left of one program.
  struct Rest {
    bool decided = false;
    std::uint32_t value = 0;
    std::size_t pc = 0;
    std::uint32_t a = 0, x = 0;
    engine::ScratchMemory m{};
    friend auto operator<=>(const Rest&, const Rest&) = default;
  };
  Rest rest_of(std::size_t program, std::uint32_t arch, std::uint32_t nr) const;
  engine::Interpreter shortened(const verify::Program& program, const Rest& rest) const;
  CompiledFilter::Range range_of(std::uint32_t arch, std::uint32_t nr);
  std::vector<CompiledFilter::Range> scope_of(std::uint32_t arch);
  std::uint32_t add(const std::vector<Rest>& rests);

  CompiledFilter& filter_;
  std::span<const verify::Program> programs_;
  std::vector<engine::Interpreter> whole_;
  std::map<std::vector<Rest>, std::uint32_t> known_;
};

}  // namespace assay::compiled
