#include "kernel/turn.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
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

// The process whose thread has the turn: of a fork() the child has it not.
thread_local pid_t holder = 0;

int new_socket() { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

// Carries a descriptor along with one byte.
class Parcel {
 public:
  Parcel() {
    message_.msg_iov = &bytes_;
    message_.msg_iovlen = 1;
    message_.msg_control = control_;
    message_.msg_controllen = sizeof control_;
  }
  bool send(int connection, int descriptor) {
    cmsghdr* const header = CMSG_FIRSTHDR(&message_);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(connection, &message_, MSG_NOSIGNAL) == 1;
  }
  std::optional<int> receive(int connection) {
    if (recvmsg(connection, &message_, MSG_CMSG_CLOEXEC) != 1) return {};
    const cmsghdr* const header = CMSG_FIRSTHDR(&message_);
    if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return {};
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
  }

 private:
  char byte_ = 0;
  iovec bytes_{&byte_, 1};
  alignas(cmsghdr) char control_[CMSG_SPACE(sizeof(int))] = {};
  msghdr message_{};
};

// The listener, once it is handed over; nothing when the holder ended without, or the time is up.
std::optional<int> wait_for_holder(const Address& address, std::chrono::milliseconds limit) {
  constexpr std::chrono::milliseconds again{2};
  const int connection = new_socket();
  std::optional<int> listener;
  if (connection >= 0 && connect(connection, address.get(), address.length) == 0) {
    pollfd wanted{connection, POLLIN, 0};
    if (poll(&wanted, 1, static_cast<int>(limit.count())) > 0)
      listener = Parcel().receive(connection);
  } else {
    std::this_thread::sleep_for(std::min(again, limit));
  }
  if (connection >= 0) close(connection);
  return listener;
}

// To the first of those who wait that still lives.
void hand_over(int listener) {
  for (;;) {
    const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0) return;
    const bool taken = Parcel().send(connection, listener);
    close(connection);
    if (taken) return;
  }
}

}  // namespace

std::optional<Turn> Turn::take(std::chrono::milliseconds limit) {
  if (holder == getpid()) return Turn(-1);
  const auto taken_now = [](int listener) {
    holder = getpid();
    return Turn(listener);
  };
  const Address address;
  const auto deadline = Clock::now() + limit;
  for (;;) {
    const int listener = new_socket();
    if (listener < 0) return {};
    if (bind(listener, address.get(), address.length) == 0 && listen(listener, most_waiting) == 0)
      return taken_now(listener);
    const bool taken = errno == EADDRINUSE;
    close(listener);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (!taken || left.count() <= 0) return {};
    if (const auto handed = wait_for_holder(address, left)) return taken_now(*handed);
  }
}

Turn::Turn(Turn&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

Turn& Turn::operator=(Turn&& other) noexcept {
  std::swap(socket_, other.socket_);
  return *this;
}

bool Turn::wanted() const {
  pollfd waiting{socket_, POLLIN, 0};
  return poll(&waiting, 1, 0) > 0;
}

Turn::~Turn() {
  if (socket_ < 0) return;
  holder = 0;
  if (wanted()) {
    std::this_thread::sleep_for(drop_rest);
    hand_over(socket_);
  }
  close(socket_);
}

}  // namespace assay::kernel
