// What a FILTER argument names, as instructions with their origin:
//
//   PATH, -     a file or stdin, in one of the formats of bpf/codec.hpp, or a profile, which
//               is compiled first (load/profile.hpp)
//   pid:N       the filters of a live thread, oldest first
//   pid:N/I     one of them, 0 = oldest
//
// A file whose name looks like a process is meant by ./pid:1. Whether the kernel would take
// the instructions is not asked here. Bounds: raw_limit and text_limit bytes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/bpf/codec.hpp"
#include "assay/kernel/capture.hpp"
#include "assay/load/input.hpp"
#include "assay/load/profile.hpp"

namespace assay::load {

inline constexpr std::size_t raw_limit = bpf::default_limit * 8;
inline constexpr std::size_t text_limit = std::size_t{16} << 20;

struct Filter {
  std::string file;  // the argument; of a process "pid:12/0", of a unit with the option
  std::vector<bpf::Instruction> instructions;
  std::optional<std::uint32_t> flags;  // of a process, where the kernel tells
};

// Reads the stack of a live thread: kernel::filters_of, or a stand-in.
using StackReader =
    std::function<tl::expected<kernel::CapturedStack, kernel::CaptureFailure>(int tid)>;

struct FilterOptions {
  std::optional<bpf::Format> format;  // none: a profile, or bpf::detect
  StackReader live;                   // none: kernel::filters_of
  ProfileOptions profile;             // for whom profiles are compiled
};

tl::expected<std::vector<Filter>, InputError> load_filters(std::string_view argument,
                                                           const FilterOptions& options = {});

// The same for bytes that are there already; `file` is for error messages.
tl::expected<std::vector<bpf::Instruction>, InputError> decode_filter(
    std::string_view bytes, std::string_view file, std::optional<bpf::Format> format = {});

// raw raw-be text ddd hex c
std::optional<bpf::Format> find_format(std::string_view name);
std::string_view name(bpf::Format format);

InputError from_capture(std::string_view file, const kernel::CaptureFailure& failure);

}  // namespace assay::load
