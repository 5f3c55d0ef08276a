// Small files of /proc, read at once with a bound. Shared by all that looks at processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace assay::kernel {

// At most `limit` bytes from the start; the error is an errno.
tl::expected<std::string, int> read_file(const std::filesystem::path& path, std::size_t limit);

// Where the link leads, or "".
std::string read_link(const std::filesystem::path& path);

// A whole text of decimal digits that fits.
std::optional<std::uint32_t> decimal(std::string_view text);

// The entries that are ids of processes or threads, in rising order.
tl::expected<std::vector<int>, int> ids_in(const std::filesystem::path& folder);

}  // namespace assay::kernel
