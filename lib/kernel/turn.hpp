// Whose turn it is to install filters by the hundreds, on the whole machine.
//
// Linux 6.18 can lock up when more than 1,024 BPF programs wait to be freed while somebody
// installs one (docs/kernel-faults.md). So one process at a time does both, and none lets more
// than drops_between_rests filters die without sleeping while the kernel frees them.
//
// The turn is an abstract Unix socket: its name is free again when its holder ends, however
// that ends, and nothing is left in any file system. Who waits is connected to it. A holder
// that is done hands the socket itself to whoever has waited longest, so that nobody can take
// one turn after the other in front of others; when it ends otherwise, all are woken.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace assay::kernel {

// Measured on Linux 6.18: 256 dead filters are freed within 0.3 ms of sleep, 500 within 1 ms.
inline constexpr std::uint32_t drops_between_pauses = 192;
inline constexpr std::uint32_t drops_between_rests = 576;
inline constexpr std::chrono::microseconds drop_pause{200};
inline constexpr std::chrono::microseconds drop_rest{2'000};

class Turn {
 public:
  // Nothing when somebody else had it all that time, or there is no socket to be had. A thread
  // that has it takes it again at once, and keeps it until the first one ends: so that many
  // questions cost one change of hands.
  static std::optional<Turn> take(std::chrono::milliseconds limit);
  Turn(Turn&& other) noexcept;
  Turn& operator=(Turn&& other) noexcept;
  ~Turn();              // rests first when somebody waits
  bool wanted() const;  // whether somebody waits

 private:
  explicit Turn(int socket) : socket_(socket) {}
  int socket_ = -1;  // -1: it is another one's
};

}  // namespace assay::kernel
