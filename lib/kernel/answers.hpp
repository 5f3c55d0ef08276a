// Answers in words, as findings have them.
#pragma once

#include <cstdint>
#include <string>

namespace assay::kernel {

std::string acceptance_text(int error);       // "accepted", "errno 22"
std::string value_text(std::uint32_t value);  // "0x7fff0000"
std::string hex_text(std::uint64_t value);

}  // namespace assay::kernel
