// How the command ends; scripts rely on these numbers.
#pragma once

namespace assay::tool {

enum ExitStatus : int {
  yes = 0,  // clean, equal, accepted
  no = 1,   // rejected, differs, findings
  bad_usage = 2,
  bad_input = 3,    // unreadable or malformed
  cannot = 4,       // this machine lacks something
  not_decided = 5,  // within the budget
};

}  // namespace assay::tool
