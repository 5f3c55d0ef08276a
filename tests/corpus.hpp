// A folder of captured filters (see ASSAY_CORPUS in CONTRIBUTING.md): *.bpf files, and
// stacks.json with the filters of one process each.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "assay/verify/program.hpp"

namespace assay::test {

struct CorpusFilter {
  std::string file;
  verify::Program program;
};

// Those that Linux accepts, by name; none when the folder is not there.
std::vector<CorpusFilter> corpus_filters(std::string_view folder);

// Oldest first.
using CorpusStack = std::vector<CorpusFilter>;
std::vector<CorpusStack> corpus_stacks(std::string_view folder);
// Of each systemd unit that was captured, by its name.
std::map<std::string, CorpusStack> corpus_units(std::string_view folder);

}  // namespace assay::test
