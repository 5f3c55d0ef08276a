// assay replay as a long job: many recordings, in shares.
#pragma once

#include "name_list.hpp"
#include "replay_session.hpp"

namespace assay::tool {

// Item k is recording k. `names` are those of everything that results depend on, in order.
ExitStatus replay_share(const ReplayQuestion& question, const NameList& names,
                        const NameList& traces);

}  // namespace assay::tool
