// Which profile each container of a manifest gets, and who decides.
#include "assay/profile/kubernetes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "assay/text/verdict.hpp"

namespace assay::profile {
namespace {

Manifest manifest_of(std::string_view text, bool seccomp_default = false) {
  const auto read =
      read_kubernetes(text, "test.yaml", {.capabilities = {}, .seccomp_default = seccomp_default});
  if (read) return *read;
  ADD_FAILURE() << "line " << read.error().place.line << ": " << read.error().found;
  return {};
}

// "Pod/web/app: Localhost a.json (container)"
std::vector<std::string> table(const Manifest& manifest) {
  std::vector<std::string> rows;
  for (const ContainerProfile& each : manifest.containers)
    rows.push_back(name(each) + ": " + std::string(name(each.type)) +
                   (each.localhost.empty() ? "" : " " + each.localhost) + " (" +
                   std::string(name(each.origin)) + ")");
  return rows;
}

bool tells(const Manifest& manifest, FindingKind kind, std::uint32_t line) {
  return std::any_of(manifest.findings.begin(), manifest.findings.end(), [&](const Finding& each) {
    return each.kind == kind && each.place.line == line;
  });
}

using Rows = std::vector<std::string>;

TEST(Kubernetes, TheContainersFieldCountsThenThePodsThenKubeletsDefault) {
  const std::string text =
      "apiVersion: v1\n"
      "kind: Pod\n"
      "metadata: {name: web}\n"
      "spec:\n"
      "  securityContext:\n"
      "    seccompProfile: {type: RuntimeDefault}\n"
      "  initContainers:\n"
      "  - name: setup\n"
      "    securityContext: {seccompProfile: {type: Unconfined}}\n"
      "  containers:\n"
      "  - name: app\n"
      "    securityContext:\n"
      "      seccompProfile: {type: Localhost, localhostProfile: web/app.json}\n"
      "  - name: sidecar\n"
      "---\n"
      "apiVersion: apps/v1\n"
      "kind: Deployment\n"
      "metadata: {name: api}\n"
      "spec: {template: {spec: {containers: [{name: main}]}}}\n";
  EXPECT_EQ(table(manifest_of(text)), (Rows{"Pod/web/setup: Unconfined (container)",
                                            "Pod/web/app: Localhost web/app.json (container)",
                                            "Pod/web/sidecar: RuntimeDefault (pod)",
                                            "Deployment/api/main: Unconfined (kubelet-default)"}));
  EXPECT_EQ(table(manifest_of(text, true)).back(),
            "Deployment/api/main: RuntimeDefault (kubelet-default)");
}

TEST(Kubernetes, PodsAreFoundInEveryKindThatMakesThem) {
  for (const char* kind :
       {"Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ReplicationController", "Job"})
    EXPECT_EQ(table(manifest_of("kind: " + std::string(kind) +
                                "\nmetadata: {name: x}\n"
                                "spec: {template: {spec: {containers: [{name: c}]}}}\n")),
              Rows{std::string(kind) + "/x/c: Unconfined (kubelet-default)"});
  EXPECT_EQ(table(manifest_of("kind: CronJob\nmetadata: {name: x}\nspec: {jobTemplate: {spec: "
                              "{template: {spec: {containers: [{name: c}]}}}}}\n")),
            Rows{"CronJob/x/c: Unconfined (kubelet-default)"});
  EXPECT_EQ(table(manifest_of("kind: List\nitems:\n- kind: Pod\n  metadata: {name: x}\n"
                              "  spec: {ephemeralContainers: [{name: c}]}\n")),
            Rows{"Pod/x/c: Unconfined (kubelet-default)"});
  EXPECT_TRUE(table(manifest_of("kind: Service\nspec: {containers: [{name: c}]}\n")).empty());
}

TEST(Kubernetes, PrivilegedContainersGetNone) {
  const Manifest manifest = manifest_of(
      "kind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - name: c\n    securityContext:\n"
      "      privileged: true\n      seccompProfile: {type: RuntimeDefault}\n");
  EXPECT_EQ(table(manifest), Rows{"Pod/x/c: Unconfined (privileged)"});
  EXPECT_TRUE(tells(manifest, FindingKind::Ignored, 5));
}

TEST(Kubernetes, AnnotationsHaveNoEffectAndAreTold) {
  const Manifest manifest = manifest_of(
      "kind: Pod\nmetadata:\n  name: x\n  annotations:\n"
      "    seccomp.security.alpha.kubernetes.io/pod: runtime/default\n"
      "    container.seccomp.security.alpha.kubernetes.io/c: localhost/a.json\n"
      "spec: {containers: [{name: c}]}\n");
  EXPECT_EQ(table(manifest), Rows{"Pod/x/c: Unconfined (kubelet-default)"});
  EXPECT_TRUE(tells(manifest, FindingKind::Obsolete, 5));
  EXPECT_TRUE(tells(manifest, FindingKind::Obsolete, 6));
}

TEST(Kubernetes, WhatTheApiServerRefusesIsTold) {
  const auto refused = [](const std::string& profile) {
    return tells(manifest_of("kind: Pod\nmetadata: {name: x}\nspec:\n  securityContext:\n"
                             "    seccompProfile: " +
                             profile + "\n  containers: [{name: c}]\n"),
                 FindingKind::Refused, 5);
  };
  EXPECT_TRUE(refused("{type: Default}"));
  EXPECT_TRUE(refused("{type: Localhost}"));
  EXPECT_TRUE(refused("{type: Localhost, localhostProfile: /etc/a.json}"));
  EXPECT_TRUE(refused("{type: Localhost, localhostProfile: a/../../b.json}"));
  EXPECT_TRUE(refused("{type: RuntimeDefault, localhostProfile: a.json}"));
  EXPECT_FALSE(refused("{type: Localhost, localhostProfile: a/b.json}"));
}

TEST(Kubernetes, ProfilesOfTheOperatorAreRules) {
  const Manifest manifest = manifest_of(
      "apiVersion: security-profiles-operator.x-k8s.io/v1beta1\n"
      "kind: SeccompProfile\n"
      "metadata: {name: strict, namespace: shop}\n"
      "spec:\n"
      "  baseProfileName: runc\n"
      "  defaultAction: SCMP_ACT_ERRNO\n"
      "  architectures: [SCMP_ARCH_X86_64]\n"
      "  syscalls:\n"
      "  - action: SCMP_ACT_ALLOW\n"
      "    names:\n"
      "    - read\n"
      "    - write\n");
  ASSERT_EQ(manifest.profiles.size(), 1U);
  EXPECT_EQ(manifest.profiles[0].path, "operator/shop/strict.json");
  const RuleSet& rules = manifest.profiles[0].rules;
  EXPECT_EQ(text::to_text(rules.otherwise), "ERRNO(1)");
  ASSERT_EQ(rules.rules.size(), 1U);
  ASSERT_EQ(rules.rules[0].calls.size(), 2U);
  EXPECT_EQ(rules.rules[0].calls[1].place.line, 12U);
  EXPECT_TRUE(tells(manifest, FindingKind::Unmodelled, 5));
}

TEST(Kubernetes, HostileTextIsAnError) {
  const auto error = [](std::string_view text) {
    return !read_kubernetes(text, "test.yaml", {}).has_value();
  };
  std::string laughs = "a: &a [x]\n";
  for (char c = 'b'; c < 'z'; ++c)
    laughs += std::string(1, c) + ": &" + c + " [*" + static_cast<char>(c - 1) + ", *" +
              static_cast<char>(c - 1) + "]\n";
  EXPECT_TRUE(error(laughs));
  EXPECT_TRUE(error(std::string(100'000, '[')));
  EXPECT_TRUE(error("kind: SeccompProfile\nspec: {defaultAction: nothing}\n"));
}

}  // namespace
}  // namespace assay::profile
