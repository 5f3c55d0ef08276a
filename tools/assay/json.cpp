#include "json.hpp"

namespace assay::tool {

Json json_document(const seccomp::Semantics& semantics) {
  return Json{{"assay", version}, {"semantics", semantics.name()}};
}

std::string json_line(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace assay::tool
