#include "fleet/json_text.hpp"

#include <unistd.h>

#include <array>
#include <cassert>
#include <nlohmann/json.hpp>

namespace assay::fleet {

std::string joined(std::initializer_list<std::string_view> objects) {
  std::string all = "{";
  for (std::string_view object : objects) {
    assert(object.size() >= 2 && object.front() == '{' && object.back() == '}');
    object = object.substr(1, object.size() - 2);
    if (object.empty()) continue;
    if (all.size() > 1) all += ',';
    all += object;
  }
  return all + "}";
}

std::string job_object(const shard::Job& job, std::string_view host) {
  nlohmann::ordered_json json{
      {"command", job.command}, {"settings", job.settings}, {"share", shard::to_string(job.share)}};
  if (!host.empty()) json["host"] = host;
  using Handler = nlohmann::ordered_json::error_handler_t;
  return nlohmann::ordered_json{{"job", json}}.dump(-1, ' ', false, Handler::replace);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

}  // namespace assay::fleet
