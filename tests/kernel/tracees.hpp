// Tracees and disposable children for the kernel tests.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "assay/bpf/instruction.hpp"

namespace assay::kernel::test {

enum class Bits : int { Wide = 64, Narrow = 32 };

// Why there is no tracee of this kind here; empty when there is.
std::string no_tracee(Bits bits);
std::string tracee_path(Bits bits);
#define SKIP_WITHOUT_TRACEE(bits) \
  if (const auto lack = test::no_tracee(bits); !lack.empty()) GTEST_SKIP() << lack

// The n-th filter that tracees of one run install.
std::vector<bpf::Instruction> nth_filter(unsigned n);

// A running tracee that has said "w"; it goes on when its input ends.
class Tracee {
 public:
  Tracee(Bits bits, const std::string& letters);
  Tracee(const Tracee&) = delete;
  Tracee& operator=(const Tracee&) = delete;
  ~Tracee();
  pid_t pid() const { return pid_; }
  bool ready() const { return ready_; }
  int finish();  // ends the input; the wait status

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  bool ready_ = false;
};

// What `body` returns in a forked child: its exit code, or -signal.
int in_child(const std::function<int()>& body);

// The running test has asked the kernel; in_child() says so by itself. tools/conformance adds
// the counts up: for a rule that names a test, and a topic where the test has several.
void asked(std::uint64_t times = 1);
class Topic {
 public:
  explicit Topic(std::string name);  // of what is asked in this scope
  Topic(const Topic&) = delete;
  Topic& operator=(const Topic&) = delete;
  ~Topic();
};

// A temporary copy that every user can run, since a build tree may be private.
class PublicCopy {
 public:
  explicit PublicCopy(const std::string& program);
  PublicCopy(const PublicCopy&) = delete;
  PublicCopy& operator=(const PublicCopy&) = delete;
  ~PublicCopy();
  std::string path() const { return folder_ + "/tracee"; }

 private:
  std::string folder_;
};

bool become_nobody();
bool is_root();

}  // namespace assay::kernel::test
