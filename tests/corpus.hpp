// A folder of captured filters (see ASSAY_CORPUS in CONTRIBUTING.md): *.bpf files,
// manifest.json with a line about each, and stacks.json with the filters of one process each.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/verify/program.hpp"

namespace assay::test {

struct CorpusFilter {
  std::string file;
  verify::Program program;
};

// Those that Linux accepts, by name; none when the folder is not there.
std::vector<CorpusFilter> corpus_filters(std::string_view folder);

// What the manifest says of a file's acceptance; the file may lie in a folder below.
struct CorpusAnswer {
  std::string file;
  std::vector<bpf::Instruction> instructions;
  int load_errno = 0;  // of a kernel that was asked to load it
};

// A row of the manifest each; none when the folder is not there.
std::vector<CorpusAnswer> corpus_answers(std::string_view folder);
// The names of all *.bpf files, those in folders below too.
std::set<std::string> corpus_files(std::string_view folder);

// Oldest first.
using CorpusStack = std::vector<CorpusFilter>;
std::vector<CorpusStack> corpus_stacks(std::string_view folder);
// Of each systemd unit that was captured, by its name.
std::map<std::string, CorpusStack> corpus_units(std::string_view folder);

}  // namespace assay::test
