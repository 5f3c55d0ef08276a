#include "generator_results.hpp"

#include "assay/bpf/codec.hpp"
#include "assay/text/verdict.hpp"
#include "assay/verify/accept.hpp"
#include "witness_record.hpp"

namespace assay::tool {

Confirmation confirmation(const profile::Opinion& opinion, const profile::Judgement& judgement) {
  if (!judgement.witness) return tl::unexpected(std::string("no witness"));
  const auto program = verify::accept(judgement.filter);
  if (!program) return tl::unexpected(std::string("no filter"));
  const auto order = seccomp::byte_order((*judgement.witness)[1]);
  return opinion({&*program, 1}, seccomp::from_words(*judgement.witness, order));
}

void count(Confirmations& sum, const Confirmation& confirmation,
           const profile::Judgement& judgement) {
  if (!confirmation)
    ++sum.not_compared;
  else if (confirmation->normalised() == judgement.actual)
    ++sum.confirmed;
  else
    ++sum.contradicted;
}

Json to_json(const Disagreement& found, const Confirmation* confirmation) {
  const profile::Judgement& judgement = found.judgement;
  const auto& witness = judgement.witness;
  Json json;
  json["cause"] = found.cause;
  json["outcome"] = name(judgement.outcome);
  json["rules"] = profile::to_text(found.request);
  json["profile"] = Json::parse(profile::to_oci_json(found.request.rules, found.request.host));
  json["tree"] = found.request.tree;
  json["witness"] = witness ? to_record(*witness) : Json();
  json["intended"] = witness ? Json(text::to_text(judgement.intended)) : Json();
  json["actual"] = witness ? Json(text::to_text(judgement.actual)) : Json();
  json["filter"] = bpf::encode(judgement.filter, bpf::Format::Hex);
  json["why"] = judgement.why.empty() ? Json() : Json(judgement.why);
  if (confirmation != nullptr) {
    json["kernel"] = *confirmation ? Json(text::to_text(**confirmation)) : Json();
    json["not_compared"] = *confirmation ? Json() : Json(confirmation->error());
  }
  return json;
}

Json to_json(const Confirmations& sum) {
  return {{"confirmed", sum.confirmed},
          {"contradicted", sum.contradicted},
          {"not_compared", sum.not_compared}};
}

std::string to_text(const Disagreement& found, const Confirmation* confirmation) {
  std::string text;
  const std::string rules = profile::to_text(found.request);
  for (std::size_t at = 0; at < rules.size(); at = rules.find('\n', at) + 1)
    text += "    " + rules.substr(at, rules.find('\n', at) + 1 - at);
  const profile::Judgement& judgement = found.judgement;
  if (judgement.witness)
    text += "  " + to_options(*judgement.witness) + ": " + text::to_text(judgement.intended) +
            " meant, " + text::to_text(judgement.actual) + " returned\n";
  if (!judgement.why.empty()) text += "  " + load::printable(judgement.why) + "\n";
  if (confirmation == nullptr) return text;
  if (!*confirmation) return text + "  not confirmed: " + confirmation->error() + "\n";
  return text + "  the running kernel: " + text::to_text(**confirmation) + "\n";
}

}  // namespace assay::tool
