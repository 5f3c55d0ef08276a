// Items of a long job by several threads, their results in order: workers are ahead of who takes
// the results, by a few items and no more. With one job there are no threads, and an item is
// worked on when its result is asked for.
//
//   InOrder<Digest> digests(Items{0, 1, targets.size()}, jobs, [&](std::uint64_t item) { ... });
//   while (auto one = digests.next()) write(one->item, one->result);
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace assay::tool {

// first, first + step, ... in front of `end`.
struct Items {
  std::uint64_t first = 0;
  std::uint64_t step = 1;
  std::uint64_t end = 0;

  std::uint64_t size() const { return first < end ? (end - first - 1) / step + 1 : 0; }
  std::uint64_t operator[](std::uint64_t i) const { return first + i * step; }
};

template <class Result>
class InOrder {
 public:
  struct Made {
    std::uint64_t item = 0;
    Result result;
  };
  // Called by several threads at a time.
  using Make = std::function<Result(std::uint64_t item)>;

  InOrder(const Items& items, unsigned jobs, Make make) : items_(items), make_(std::move(make)) {
    constexpr std::uint64_t ahead = 4;
    const std::uint64_t count = std::min<std::uint64_t>(jobs, items.size());
    window_ = ahead * count;
    if (count < 2) return;
    for (std::uint64_t i = 0; i < count; ++i) workers_.emplace_back([this] { work(); });
  }
  InOrder(const InOrder&) = delete;
  InOrder& operator=(const InOrder&) = delete;
  ~InOrder() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  // Nothing after the last item.
  std::optional<Made> next() {
    return take([&] { return done_.find(taken_); });
  }
  // As they finish, for who does not mind the order.
  std::optional<Made> next_finished() {
    return take([&] { return done_.begin(); });
  }

 private:
  template <class Find>
  std::optional<Made> take(const Find& find) {
    if (taken_ == items_.size()) return std::nullopt;
    if (workers_.empty()) {
      const std::uint64_t item = items_[taken_++];
      return Made{item, make_(item)};
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return find() != done_.end(); });
    auto node = done_.extract(find());
    ++taken_;
    lock.unlock();
    changed_.notify_all();
    return Made{items_[node.key()], std::move(node.mapped())};
  }

  void work() {
    while (true) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        return stopped_ || started_ == items_.size() || started_ < taken_ + window_;
      });
      if (stopped_ || started_ == items_.size()) return;
      const std::uint64_t index = started_++;
      lock.unlock();
      Result one = make_(items_[index]);
      lock.lock();
      done_.emplace(index, std::move(one));
      lock.unlock();
      changed_.notify_all();
    }
  }

  const Items items_;
  const Make make_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, Result> done_;  // by place among the items
  std::uint64_t window_ = 0;              // items that may be started and not taken
  std::uint64_t started_ = 0;
  std::uint64_t taken_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace assay::tool
