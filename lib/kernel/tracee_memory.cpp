#include "kernel/tracee_memory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <limits>
#include <string>

namespace assay::kernel {
namespace {

class Memory {
 public:
  explicit Memory(int tid)
      : fd_(open(("/proc/" + std::to_string(tid) + "/mem").c_str(), O_RDONLY | O_CLOEXEC)) {}
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() {
    if (fd_ >= 0) close(fd_);
  }
  bool read(std::uint64_t address, void* target, std::size_t length) const {
    if (fd_ < 0 || address > std::numeric_limits<off_t>::max()) return false;
    return pread(fd_, target, length, static_cast<off_t>(address)) == static_cast<ssize_t>(length);
  }

 private:
  int fd_;
};

}  // namespace

std::optional<std::vector<bpf::Instruction>> read_fprog(int tid, std::uint64_t address,
                                                        bool narrow) {
  const Memory memory(tid);
  std::array<unsigned char, 16> raw{};
  if (!memory.read(address, raw.data(), narrow ? 8 : 16)) return {};
  std::uint16_t length = 0;
  std::memcpy(&length, raw.data(), sizeof length);
  std::uint64_t from = 0;
  std::memcpy(&from, raw.data() + (narrow ? 4 : 8), narrow ? 4 : 8);
  if (length == 0 || length > bpf::max_instructions) return {};
  std::vector<bpf::Instruction> instructions(length);
  if (!memory.read(from, instructions.data(), length * sizeof(bpf::Instruction))) return {};
  return instructions;
}

}  // namespace assay::kernel
