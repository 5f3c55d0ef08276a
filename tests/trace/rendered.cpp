#include "trace/rendered.hpp"

#include <algorithm>
#include <sstream>

namespace assay::trace {
namespace {

std::string hex(std::uint64_t value) {
  std::ostringstream out;
  out << "0x" << std::hex << value;
  return out.str();
}

std::string argument(const Call& call, std::size_t i) {
  const std::uint64_t value = call.data.args[i];
  switch (call.gaps[i]) {
    case Gap::None: return hex(value);
    case Gap::Content: return "*";
    case Gap::Symbolic: return "$";
    case Gap::Unprinted: return "_";
    case Gap::Split: return value != 0 ? hex(value) + "%" : "%";
    case Gap::HighHalf: break;
  }
  const bool whole = (call.known.args[i] | call.assumed.args[i]) == ~std::uint64_t{0};
  return hex(value) + (whole ? "~" : "?");
}

std::string arch(const Call& call) {
  if (call.data.arch == seccomp::describe(seccomp::Arch::x86_64).audit &&
      (call.data.nr & seccomp::x32_bit) != 0 && call.data.nr != 0xffffffff)
    return "x32";
  const auto found = seccomp::find_arch(call.data.arch);
  return found ? std::string(seccomp::describe(*found).token) : hex(call.data.arch);
}

std::string number(const Call& call) {
  if (!call.name.empty()) return call.name;
  if (call.data.nr == 0xffffffff) return "-1";
  return std::to_string(call.data.nr & ~seccomp::x32_bit) + (call.number_assumed ? "?" : "");
}

}  // namespace

std::string rendered(const Call& call) {
  std::string text = std::to_string(call.line) + " " + arch(call) + (call.arch_assumed ? "?" : "") +
                     " " + number(call);
  std::size_t last = call.gaps.size();
  while (last > 0 && call.gaps[last - 1] == Gap::Unprinted) --last;
  for (std::size_t i = 0; i < last; ++i) text += " " + argument(call, i);
  if (call.known.instruction_pointer != 0) text += " ip=" + hex(call.data.instruction_pointer);
  if (call.count != 1) text += " x" + std::to_string(call.count);
  if (call.recorded)
    text += " " + std::string(seccomp::actions[static_cast<std::size_t>(*call.recorded)].name);
  return text;
}

std::vector<Call> read_all(Reader& reader, std::string_view text) {
  std::vector<Call> calls;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    reader.read(text.substr(0, end), number, calls);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  reader.finish(calls);
  std::stable_sort(calls.begin(), calls.end(),
                   [](const Call& a, const Call& b) { return a.line < b.line; });
  return calls;
}

std::vector<Call> read_all(Format format, std::string_view text, seccomp::Arch arch) {
  return read_all(*make_reader(format, {arch}), text);
}

}  // namespace assay::trace
