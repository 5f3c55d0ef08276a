// Whether a running kernel keeps a call in its constant-action bitmap, so that the call runs no
// filter at all, and if not, why.
//
// verify::bitmap_answer() is the kernel's emulation of one filter. Here is the rest: a stack's call
// is in only if it is in every filter's, and a kernel keeps bits for its own architecture and its
// compatible one, for the numbers of their tables, and never for x32.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "assay/seccomp/arch.hpp"
#include "assay/seccomp/semantics.hpp"
#include "assay/verify/bitmap.hpp"

namespace assay::cost {

enum class Membership : std::uint8_t {
  Inside,
  NotConstant,   // some filter's emulation says so: `reason`, of filter `filter`
  ForeignArch,   // no arch of this kernel
  OutsideTable,  // no number of its table, or x32's
  NoBitmap,      // a kernel before 5.11, or one of an architecture without
  RunsNoFilter,  // uretprobe, uprobe: past every filter, without a bit
};

struct BitmapPlace {
  Membership membership = Membership::Inside;
  std::size_t filter = 0;  // NotConstant: the newest one that keeps the call out
  verify::BitmapReason reason{};

  bool inside() const { return membership == Membership::Inside; }
  friend bool operator==(const BitmapPlace&, const BitmapPlace&) = default;
};

// The bitmap of a thread with these filters, oldest first.
class Bitmap {
 public:
  explicit Bitmap(std::span<const verify::Program> oldest_first,
                  const seccomp::Semantics& semantics = {});

  BitmapPlace place(std::uint32_t arch, std::uint32_t nr) const;
  // "reads args[0]", "RET is not exactly ALLOW", "uses tax", ...; nothing for one inside.
  std::string why(const BitmapPlace& place) const;

  // The arches that the kernel keeps bits for, and how many numbers of each: up to the highest
  // call that its version has.
  struct Table {
    seccomp::Arch arch;
    std::uint32_t size;
  };
  std::span<const Table> tables() const { return tables_; }

 private:
  std::vector<verify::Program> programs_;
  seccomp::Semantics semantics_;
  std::vector<Table> tables_;
};

}  // namespace assay::cost
