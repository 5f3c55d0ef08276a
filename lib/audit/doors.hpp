// Groups of calls that have one power, as data: what rules of the family "doors" ask.
#pragma once

#include <span>
#include <string_view>

#include "audit/call.hpp"

namespace assay::audit {

enum class Part : std::uint8_t {
  Both,      // closing it shows that the power was to be taken away; open it gives the power
  Evidence,  // shows the intent only: open it gives less than the power
  Way,       // gives the power only: closing it alone may be meant to force an older call
};

struct Door {
  CallUse use;
  Part part = Part::Both;
};

struct Power {
  std::string_view rule;
  std::string_view what;  // "opening files": completes "... is refused by X"
  std::span<const Door> doors;
  Need need = {};
  // Only for a call that is open for other arguments: the restriction is about this use.
  bool of_some_arguments = false;
};

std::span<const Power> powers();

}  // namespace assay::audit
