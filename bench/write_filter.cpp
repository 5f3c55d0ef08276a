// Writes one of the benchmarks' filters to stdout, as struct sock_filter: how
// examples/container.bpf was made.
#include <cstdio>
#include <string_view>

#include "bench/filters.hpp"

int main(int argc, char** argv) {
  using assay::bench::FilterKind;
  for (const FilterKind kind : {FilterKind::Linear, FilterKind::Tree, FilterKind::Small}) {
    if (argc != 2 || name(kind) != argv[1]) continue;
    const auto filter = assay::bench::build(kind);
    return std::fwrite(filter.data(), sizeof filter[0], filter.size(), stdout) != filter.size();
  }
  std::fputs("usage: write_filter linear|tree|small >FILE\n", stderr);
  return 2;
}
