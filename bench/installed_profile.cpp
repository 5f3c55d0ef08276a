#include "bench/installed_profile.hpp"

#include <cstdio>
#include <cstdlib>

#include "assay/profile/compile.hpp"
#include "assay/profile/oci.hpp"
#include "assay/verify/accept.hpp"
#include "tests/packaged_file.hpp"

namespace assay::bench {

std::optional<verify::Program> containers_common(std::span<const seccomp::Arch> arches) {
  constexpr const char* path = "/usr/share/containers/seccomp.json";
  const auto text = test::packaged_file(path);
  if (!text) return std::nullopt;
  profile::Environment environment;
  environment.runtime = profile::Runtime::Libseccomp;
  environment.capabilities = profile::default_capabilities();
  auto read = profile::read_oci(*text, path, {{}, environment});
  if (read) {
    read->filters[0].arches.assign(arches.begin(), arches.end());
    const auto compiled = compile(read->filters[0], environment, profile::Form::Linear);
    if (compiled)
      if (const auto program = verify::accept(*compiled)) return *program;
  }
  std::fprintf(stderr, "bench: no filter from %s\n", path);
  std::exit(1);
}

}  // namespace assay::bench
