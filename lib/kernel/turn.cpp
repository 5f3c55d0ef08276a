#include "kernel/turn.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>

namespace assay::kernel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view socket_name{"\0assay filters", 14};
constexpr int most_waiting = 64;

struct Address {
  sockaddr_un value{};
  socklen_t length = 0;
  Address() {
    value.sun_family = AF_UNIX;
    std::memcpy(value.sun_path, socket_name.data(), socket_name.size());
    length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_name.size());
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&value); }
};

int new_socket() { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

// Until the holder's end of the connection closes, or the time is up.
void wait_for_holder(const Address& address, std::chrono::milliseconds limit) {
  constexpr std::chrono::milliseconds again{2};
  const int connection = new_socket();
  if (connection >= 0 && connect(connection, address.get(), address.length) == 0) {
    pollfd wanted{connection, 0, 0};
    poll(&wanted, 1, static_cast<int>(limit.count()));
  } else {
    std::this_thread::sleep_for(std::min(again, limit));
  }
  if (connection >= 0) close(connection);
}

}  // namespace

std::optional<Turn> Turn::take(std::chrono::milliseconds limit) {
  const Address address;
  const auto deadline = Clock::now() + limit;
  for (;;) {
    const int listener = new_socket();
    if (listener < 0) return {};
    if (bind(listener, address.get(), address.length) == 0 && listen(listener, most_waiting) == 0)
      return Turn(listener);
    const bool taken = errno == EADDRINUSE;
    close(listener);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (!taken || left.count() <= 0) return {};
    wait_for_holder(address, left);
  }
}

Turn::Turn(Turn&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

Turn& Turn::operator=(Turn&& other) noexcept {
  std::swap(socket_, other.socket_);
  return *this;
}

Turn::~Turn() {
  if (socket_ < 0) return;
  pollfd waiting{socket_, POLLIN, 0};
  if (poll(&waiting, 1, 0) > 0) std::this_thread::sleep_for(drop_rest);
  close(socket_);
}

}  // namespace assay::kernel
