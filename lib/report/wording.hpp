// How numbers of a filter read on the page: verdicts with their look, compared values by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "assay/report/flow_graph.hpp"
#include "assay/seccomp/arch.hpp"
#include "assay/seccomp/semantics.hpp"
#include "assay/seccomp/verdict.hpp"
#include "assay/text/assembly.hpp"

namespace assay::report {

// The name of its colours in the style sheet: allow log ask errno trap kill.
std::string_view look(seccomp::Verdict verdict, const seccomp::Semantics& semantics);
// "ERRNO(1)"; what it means, "EPERM", or empty.
std::string chip(seccomp::Verdict verdict, const seccomp::Semantics& semantics);
std::string_view errno_of(seccomp::Verdict verdict, const seccomp::Semantics& semantics);

std::string number_text(std::uint32_t value);

// Names of fields and values in one program.
class Naming {
 public:
  Naming(const verify::Program& program, const text::Listing& listing)
      : program_(program), listing_(listing) {}

  std::string field(const FlowNode& node) const;  // "arg1.lo & 0xf"
  // What the node decides, for its head.
  std::string decision(const FlowNode& node) const;

  struct Values {
    std::string brief;  // for a row: "read, write, +310"
    std::string full;   // for who asks
    std::uint64_t count = 0;
  };
  Values values(const FlowNode& node, const Way& way, std::size_t characters) const;

 private:
  std::string word(std::size_t word) const;
  std::optional<seccomp::Arch> arch_of(const FlowNode& node) const;
  static std::string value(const FlowNode& node, std::optional<seccomp::Arch> arch,
                           std::uint32_t value);

  const verify::Program& program_;
  const text::Listing& listing_;
};

}  // namespace assay::report
