// Which inputs a difference is about, in words.
#pragma once

#include <string>
#include <string_view>

#include "assay/text/policy.hpp"

namespace assay::tool {

std::string in_words(const text::Scope& scope);  // "x86_64", "any other arch"
// "openat, nr 512..600", or what is left out where that is shorter.
std::string in_words(const text::Scope& scope, const text::Rule& rule);

// Long lists of system calls on lines of their own.
std::string wrapped(std::string_view text);

}  // namespace assay::tool
