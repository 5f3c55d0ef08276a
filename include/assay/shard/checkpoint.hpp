// How far a share of a job has come, kept in a file so that a killed job goes on where it was.
//
// The file is replaced whole and is on the disk before write() returns. It names its job: going
// on with other settings is an error, never a mixture of results.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "assay/shard/share.hpp"

namespace assay::shard {

struct Job {
  std::string command;   // "campaign"
  std::string settings;  // everything that results depend on, in one canonical line
  Share share;
  friend bool operator==(const Job&, const Job&) = default;
};
std::string to_string(const Job& job);

struct Progress {
  std::uint64_t next = 0;     // no item below it is left to do
  std::uint64_t written = 0;  // bytes of the results that belong to items below `next`
  std::string state;          // the command's own, such as counters
  friend bool operator==(const Progress&, const Progress&) = default;
};

enum class CheckpointErrorKind : std::uint8_t { Unreadable, Malformed, OtherJob, Unwritable };

struct CheckpointError {
  CheckpointErrorKind kind{};
  int error = 0;         // errno, where there is one
  std::string found;     // OtherJob: the job that the file is of
  std::string expected;  // and ours
  friend bool operator==(const CheckpointError&, const CheckpointError&) = default;
};
// "unreadable: No such file or directory"
std::string to_string(const CheckpointError& error);

class Checkpoint {
 public:
  Checkpoint(std::string path, Job job) : path_(std::move(path)), job_(std::move(job)) {}

  // Nothing when there is no file.
  tl::expected<std::optional<Progress>, CheckpointError> read() const;
  tl::expected<void, CheckpointError> write(const Progress& progress) const;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Job job_;
};

}  // namespace assay::shard
