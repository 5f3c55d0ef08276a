// A setting of the whole machine that has another value for the life of an object, and its own
// again afterwards, however the test ends.
#pragma once

#include <string>

namespace assay::kernel::test {

// One object at a time for each setting on the machine: a second one waits. An orphan keeps the
// value of before and restores it when this process is no more; so does the destructor.
class Sysctl {
 public:
  Sysctl(const std::string& name, const std::string& value);  // "kernel.printk_ratelimit"
  Sysctl(const Sysctl&) = delete;
  Sysctl& operator=(const Sysctl&) = delete;
  ~Sysctl();
  bool set() const { return set_; }     // whether the value could be given
  int write(const std::string& value);  // another value; an errno, or 0
  std::string read() const;
  const std::string& before() const { return before_; }

 private:
  bool keep();

  std::string path_;
  std::string before_;
  int lock_ = -1;    // the file itself
  int keeper_ = -1;  // a socket that the orphan reads until it ends
  bool set_ = false;
};

// What stands there now; "" when it cannot be read.
std::string sysctl(const std::string& name);

}  // namespace assay::kernel::test
