// A disposable child that answers requests through shared memory: the parent's side.
//
// Fill area(), ask(), read the answers in area(). A Worker whose ask() failed has ended; it
// leaves no zombie. It ends with the thread that started it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <tl/expected.hpp>

#include "assay/kernel/oracle.hpp"
#include "kernel/worker_child.hpp"

namespace assay::kernel {

class Worker {
 public:
  enum class Guard : std::uint8_t { None, Sentinel };

  static tl::expected<Worker, Unavailable> start(Guard guard, std::chrono::milliseconds limit);
  Worker(Worker&& other) noexcept;
  Worker& operator=(Worker&& other) noexcept;
  ~Worker();

  SharedArea& area() { return *area_; }
  tl::expected<void, Failure> ask(Task task, std::uint32_t count, std::chrono::milliseconds limit);
  bool alive() const { return pid_ > 0; }

 private:
  Worker() = default;
  tl::expected<void, Failure> await(std::chrono::milliseconds limit);
  void end();

  SharedArea* area_ = nullptr;
  int socket_ = -1;
  pid_t pid_ = -1;
};

}  // namespace assay::kernel
