// What runtimes make of profiles is what the profiles mean: on the files that Debian ships.
#include "assay/profile/verify.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "assay/profile/compile.hpp"
#include "assay/profile/oci.hpp"
#include "assay/text/condition.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "packaged_file.hpp"

namespace assay::profile {
namespace {

using seccomp::Arch;

constexpr const char* containers_common = "/usr/share/containers/seccomp.json";
constexpr const char* moby =
    "/usr/share/gocode/src/github.com/docker/docker/profiles/seccomp/default.json";

std::string told(const Verification& verification) {
  std::ostringstream out;
  for (const Discrepancy& each : verification.discrepancies)
    out << text::name(each.scope) << ' ' << text::to_text(each.where.condition) << ": "
        << text::to_text(each.intended) << " -> " << text::to_text(each.actual) << " nr "
        << each.witness[0] << '\n';
  return out.str();
}

void expect_verified(const char* path, const Environment& environment, Form form) {
  const auto text = test::packaged_file(path);
  if (!text) GTEST_SKIP() << path << " is neither installed nor unpacked";
  SCOPED_TRACE(std::string(path) + " " + std::string(name(environment.runtime)) + " " +
               std::string(describe(environment.host).token));
  const Read read = read_oci(*text, path, {{}, environment});
  ASSERT_TRUE(read) << read.error().found << ", expected " << read.error().expected;
  ASSERT_EQ(read->filters.size(), 1U);
  const Target target{{}, read->filters, {}};
  const Compiled compiled = compile(read->filters[0], environment, form);
  ASSERT_TRUE(compiled) << compiled.error().refusals[0].message;
  const auto program = verify::accept(*compiled);
  ASSERT_TRUE(program);
  const auto verified = verify(target, environment, {&*program, 1});
  ASSERT_TRUE(verified);
  EXPECT_TRUE(verified->equal) << told(*verified);
}

constexpr auto little_endian_hosts =
    std::to_array<Arch>({Arch::x86_64, Arch::x86, Arch::aarch64, Arch::arm, Arch::mipsel64,
                         Arch::ppc64le, Arch::riscv64});

TEST(Verify, ContainersCommonsProfileIsKeptOnEveryLittleEndianHostInBothForms) {
  for (const Arch host : little_endian_hosts)
    for (const Form form : {Form::Linear, Form::Tree})
      for (const Runtime runtime : {Runtime::Runc, Runtime::Crun})
        expect_verified(containers_common, {runtime, host, {6, 18}, default_capabilities()}, form);
}

TEST(Verify, MobysProfileIsKeptOnEveryLittleEndianHostInBothForms) {
  for (const Arch host : little_endian_hosts)
    for (const Form form : {Form::Linear, Form::Tree})
      for (const Runtime runtime : {Runtime::Runc, Runtime::Crun})
        expect_verified(moby, {runtime, host, {6, 18}, default_capabilities()}, form);
}

}  // namespace
}  // namespace assay::profile
