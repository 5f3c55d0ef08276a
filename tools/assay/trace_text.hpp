// A recorded call and the verdict on it, as text and JSON. What is not known of an argument is
// shown as it was recorded: ~ behind a value whose upper half is assumed, ... for what a
// pointer points to, ? for the rest.
#pragma once

#include <string>

#include "assay/trace/judge.hpp"
#include "command_line.hpp"
#include "json.hpp"

namespace assay::tool {

std::string arch_name(std::uint32_t arch, std::uint32_t nr);     // "x86_64", "x32", "0x1234"
std::string syscall_text(std::uint32_t arch, std::uint32_t nr);  // "openat", "nr 600"

// "line 12: x86_64 socket(2~, 1~, 0~)"
std::string call_text(const trace::Call& call);
// "ALLOW, assumed: arg0 upper half not recorded"
std::string judgement_text(const trace::Judgement& judgement, const trace::Call& call,
                           const CommandLine& line);

Json call_json(const trace::Call& call);
Json judgement_json(const trace::Judgement& judgement, const trace::Call& call,
                    const seccomp::Semantics& semantics);

}  // namespace assay::tool
