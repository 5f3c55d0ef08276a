// Text from outside as it may stand in HTML and SVG, between tags and in quoted attributes.
#pragma once

#include <string>
#include <string_view>

namespace assay::report {

// & < > " ' as references; control characters and bytes that are no UTF-8 as U+FFFD, cut after
// `limit` bytes with an ellipsis.
std::string escaped(std::string_view text, std::size_t limit = 4096);

// Cut to so many characters (not bytes), with an ellipsis in the place of the last.
std::string shortened(std::string_view text, std::size_t characters);

// A length in pixels, to a tenth: "12.5", "12".
std::string pixels(double value);

}  // namespace assay::report
