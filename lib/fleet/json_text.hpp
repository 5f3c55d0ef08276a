// JSON objects as text, put together without being read.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "assay/shard/checkpoint.hpp"

namespace assay::fleet {

// The fields of all of them in one object. Each is "{...}" with nothing around it.
std::string joined(std::initializer_list<std::string_view> objects);
// {"job":{"command":...,"settings":...,"share":"0/4","host":...}}; without host where it is empty.
std::string job_object(const shard::Job& job, std::string_view host);
std::string host_name();

}  // namespace assay::fleet
