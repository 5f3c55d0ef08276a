// Asks the running kernel: does it accept these instructions, what value does a filter return
// for a record, and what does a thread under a stack of filters see of the verdict? No call
// that is asked about is carried out, but for numbers that no system call has.
//
// The questions are answered by disposable children under a filter that refuses every call
// but their own (lib/kernel/sentinel.hpp); each question has a time limit, and a child that
// is lost is replaced at the next one. What the machine must offer is named by Lack. An
// Oracle belongs to the thread that opened it: its children end with that thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "assay/bpf/instruction.hpp"
#include "assay/kernel/observed.hpp"
#include "assay/seccomp/seccomp_data.hpp"
#include "assay/verify/program.hpp"

namespace assay::kernel {

using Instructions = std::span<const bpf::Instruction>;

// What this machine lacks for an oracle.
enum class Lack : std::uint8_t {
  Architecture,  // no lib/kernel/calls_<arch>.cpp for it
  Filters,       // kernel without CONFIG_SECCOMP_FILTER, or seccomp(2) is blocked here
  Listeners,     // SECCOMP_FILTER_FLAG_NEW_LISTENER: Linux 5.0
  NoNewPrivs,    // PR_SET_NO_NEW_PRIVS is refused
  Resources,     // no memory, descriptor or process to be had
};
std::string_view describe(Lack lack);

struct Unavailable {
  Lack lack{};
  int error = 0;  // errno of the step that failed
  friend bool operator==(const Unavailable&, const Unavailable&) = default;
};

// Why one question got no answer.
enum class FailureKind : std::uint8_t {
  NoWorker,          // no child could be started
  WorkerDied,        // a child ended in the middle
  TimeLimit,         // and this one was ended
  Occupied,          // another process installs filters and does not end
  TooLong,           // value(): more than Oracle::max_value_instructions
  Refused,           // the kernel refused the filter that was to be asked; see error
  UnexpectedResult,  // a thread under test saw what no filter can make it see
};
std::string_view describe(FailureKind kind);

struct Failure {
  FailureKind kind{};
  int error = 0;  // errno, where there is one
  friend bool operator==(const Failure&, const Failure&) = default;
};

// Why a record cannot be put before the running kernel.
enum class NotAskable : std::uint8_t {
  ForeignArch,     // no call of ours has this arch
  NoNarrowCalls,   // nor one of the 32-bit ABI on this kernel
  ExemptNumber,    // x86_64 335 and 336 run no filter: the call would be carried out
  PointerInvalid,  // instruction_pointer is no address of user space
  PointerTaken,    // or one where the child has, or the machine allows, no code of ours
};
std::string_view describe(NotAskable reason);

// What the filter returned, all 32 bits.
using Value = tl::expected<std::uint32_t, NotAskable>;
// What a thread saw.
using Sight = tl::expected<Observed, NotAskable>;
// What the kernel said of a call.
using DataSeen = tl::expected<seccomp::SeccompData, NotAskable>;

struct OracleLimits {
  std::chrono::milliseconds per_batch{10'000};  // for each question put to a child
  // Calls of the 32-bit ABI are made by 32-bit code where the kernel lets a process have such,
  // which is faster, and else by `int $0x80`; false: always the latter.
  bool compat = true;
};

class Oracle {
 public:
  // Rewriting adds instructions, and 4096 is the most that the kernel takes.
  static constexpr std::size_t max_value_instructions = 4090;

  static tl::expected<Oracle, Unavailable> open(OracleLimits limits = {});
  Oracle(Oracle&&) noexcept;
  Oracle& operator=(Oracle&&) noexcept;
  ~Oracle();

  // For each program 0 when the kernel takes it, else the errno. Nothing is attached.
  // Answers hold for a caller with no_new_privs whose chain is empty.
  tl::expected<std::vector<int>, Failure> accept(std::span<const Instructions> programs);
  tl::expected<int, Failure> accept(Instructions program);

  // The second opinion: a fresh child really attaches the programs one on top of the other.
  // 0 or errno for each; a refused one is left out of the stack and the next one tried. All but
  // the last must allow seccomp(2), and of more than 192 all must allow everything.
  tl::expected<std::vector<int>, Failure> attach(std::span<const Instructions> stack,
                                                 std::uint32_t flags = 0);
  tl::expected<int, Failure> attach_errno(Instructions program);

  // AUDIT_ARCH_* of the calls that can be made here: `syscall`'s, and that of the 32-bit ABI
  // (0: there is none).
  static std::uint32_t native_arch();
  static std::uint32_t narrow_arch();

  // Whether a record can be asked at all, as far as the record alone decides it.
  static std::optional<NotAskable> not_askable(const seccomp::SeccompData& record);

  // instruction_pointer of calls by 32-bit code; 0: none can be made here. Such a record is
  // asked at its pointer, others by `int $0x80` where the pointer matters.
  std::uint64_t compat_pointer();

  // For each record the value that the program returns. A program that never loads the
  // instruction pointer is asked at one of our own, whatever the record says.
  tl::expected<std::vector<Value>, Failure> value(const verify::Program& program,
                                                  std::span<const seccomp::SeccompData> records);

  // For each record what a thread under the stack (oldest first, not empty) sees. The newest
  // program is installed as it is, the others behind a prologue that lets our own calls pass,
  // which makes them at most max_stacked_instructions long.
  static constexpr std::size_t max_stacked_instructions = 4090;
  tl::expected<std::vector<Sight>, Failure> verdict(std::span<const verify::Program> stack,
                                                    std::span<const seccomp::SeccompData> records,
                                                    Detail detail = Detail::Action);

  // For each record the struct seccomp_data that the kernel made of the call, read through a
  // listener. Calls are made at the record's instruction pointer.
  tl::expected<std::vector<DataSeen>, Failure> read_back(
      std::span<const seccomp::SeccompData> records);

 private:
  class Workers;
  class Verdicts;
  explicit Oracle(std::unique_ptr<Workers> workers);
  std::unique_ptr<Workers> workers_;
};

}  // namespace assay::kernel
