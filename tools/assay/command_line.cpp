#include "command_line.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cstdlib>

#include "assay/load/input.hpp"
#include "assay/names/nearest.hpp"

namespace assay::tool {
namespace {

namespace po = boost::program_options;

std::string quoted(std::string_view text) { return "'" + load::printable(text, 80) + "'"; }

std::string choices(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

// "-o, --output FILE"
std::string heading(const po::option_description& option) {
  const std::string both = option.format_name();  // "-o [ --output ]"
  const std::string value = option.format_parameter();
  std::string text = both.starts_with("--") ? "    " : both.substr(0, 2) + ", ";
  text += "--" + option.long_name();
  return value.empty() ? text : text + " " + value;
}

void append_wrapped(std::string& to, std::string_view text, std::size_t indent) {
  constexpr std::size_t width = 96;
  while (text.size() + indent > width) {
    const std::size_t blank = text.rfind(' ', width - indent);
    if (blank == std::string_view::npos) break;
    to += std::string(text.substr(0, blank)) + "\n" + std::string(indent, ' ');
    text.remove_prefix(blank + 1);
  }
  to += text;
  to += '\n';
}

std::string options_text(std::string_view title, const po::options_description& options) {
  constexpr std::size_t indent = 30;
  std::string text = "\n" + std::string(title) + ":\n";
  for (const auto& option : options.options()) {
    std::string head = "  " + heading(*option);
    head.resize(std::max(head.size() + 2, indent), ' ');
    text += head;
    append_wrapped(text, option->description(), indent);
  }
  return text;
}

void add_to(po::options_description& description, const Option& option) {
  auto add = description.add_options();
  switch (option.kind) {
    case OptionKind::Flag: add(option.name, option.about); break;
    case OptionKind::Text:
      add(option.name, po::value<std::string>()->value_name(option.value), option.about);
      break;
    case OptionKind::Texts:
      add(option.name, po::value<std::vector<std::string>>()->value_name(option.value),
          option.about);
      break;
  }
}

constexpr Option common[] = {
    {"help,h", OptionKind::Flag, "", "print this and end"},
    {"format", OptionKind::Text, "FORMAT", "text|json of the results; json is one object a line"},
    {"semantics", OptionKind::Text, "NAME",
     "which kernel's rules: linux-VERSION[-ARCH[-jit|-interpreter]], such as linux-4.14; the "
     "default is linux-6.18 on x86_64"},
    {"output,o", OptionKind::Text, "FILE", "write the results there, all or nothing"},
    {"color", OptionKind::Text, "WHEN",
     "auto|always|never; auto: on a terminal, unless NO_COLOR is set"},
    {"quiet,q", OptionKind::Flag, "", "nothing but errors on stderr"},
};
const std::vector<std::string_view> input_formats{"auto", "raw", "raw-be", "text",
                                                  "ddd",  "hex", "c"};

bool wants_colour(const std::string& when, bool to_file) {
  if (when != "auto") return when == "always";
  const char* const no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  return !to_file && ::isatty(STDOUT_FILENO) == 1;
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  const auto near = names::nearest(word, known);
  return near ? "; did you mean '" + std::string(*near) + "'?" : "";
}

ExitStatus status_of(const load::InputError& error) {
  switch (error.kind) {
    case load::InputErrorKind::Argument: return bad_usage;
    case load::InputErrorKind::Machine: return cannot;
    default: return bad_input;
  }
}

struct CommandLine::Parser {
  po::options_description own;
  po::options_description common;
  po::variables_map values;

  po::options_description all() const {
    po::options_description both;
    both.add(own).add(common);
    return both;
  }
};

CommandLine::CommandLine(const Manual& manual)
    : manual_(manual), parser_(std::make_unique<Parser>()) {
  for (const Option& option : common) add_to(parser_->common, option);
}

CommandLine::~CommandLine() = default;

bool CommandLine::has(const char* option) const { return parser_->values.count(option) > 0; }

void CommandLine::add(std::initializer_list<Option> options) {
  for (const Option& option : options) add_to(parser_->own, option);
}

void CommandLine::add_input_format() {
  add({{"input-format", OptionKind::Text, "FORMAT",
        "auto|raw|raw-be|text|ddd|hex|c; raw is little-endian struct sock_filter"}});
}

std::string CommandLine::text(const char* option, std::string_view otherwise) const {
  return has(option) ? parser_->values[option].as<std::string>() : std::string(otherwise);
}

const std::vector<std::string>& CommandLine::texts(const char* option) const {
  static const std::vector<std::string> none;
  return has(option) ? parser_->values[option].as<std::vector<std::string>>() : none;
}

std::string CommandLine::given(const char* option) const {
  const boost::any& value = parser_->values[option].value();
  if (const auto* const text = boost::any_cast<std::string>(&value)) return *text;
  std::string all;
  if (const auto* const texts = boost::any_cast<std::vector<std::string>>(&value))
    for (const std::string& text : *texts) all += (all.empty() ? "" : ",") + text;
  return all.empty() ? "yes" : all;
}

tl::expected<unsigned, ExitStatus> CommandLine::number(const char* option, unsigned lowest,
                                                       unsigned highest, unsigned otherwise) const {
  if (!has(option)) return otherwise;
  const std::string found = text(option);
  unsigned value = 0;
  const char* const end = found.data() + found.size();
  const auto [last, error] = std::from_chars(found.data(), end, value);
  if (error == std::errc{} && last == end && value >= lowest && value <= highest) return value;
  return tl::unexpected(usage("option '--" + std::string(option) + "': found " + quoted(found) +
                              ", expected a number from " + std::to_string(lowest) + " to " +
                              std::to_string(highest)));
}

tl::expected<std::string, ExitStatus> CommandLine::choice(
    const char* option, const std::vector<std::string_view>& words) const {
  const std::string found = text(option, words.front());
  if (std::find(words.begin(), words.end(), found) != words.end()) return found;
  return tl::unexpected(usage("option '--" + std::string(option) + "': found " + quoted(found) +
                              ", expected " + choices(words) + did_you_mean(found, words)));
}

std::string CommandLine::help() const {
  std::string text = "Usage: assay " + std::string(manual_.command) + " [OPTIONS]";
  if (!manual_.operands.empty()) text += " " + std::string(manual_.operands);
  text += "\n\n" + std::string(manual_.purpose) + "\n";
  if (!parser_->own.options().empty()) text += options_text("Options", parser_->own);
  text += options_text("Options of every command", parser_->common);
  if (!manual_.details.empty()) text += "\n" + std::string(manual_.details) + "\n";
  return text + "\nExample:\n" + std::string(manual_.example) + "\n";
}

ExitStatus CommandLine::complain_of_option(const std::string& option) const {
  const po::options_description known = parser_->all();
  std::vector<std::string_view> names;
  for (const auto& row : known.options()) names.push_back(row->long_name());
  std::string_view word = option;
  word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
  std::string near = did_you_mean(word.substr(0, word.find('=')), names);
  if (const auto quote = near.find('\''); quote != std::string::npos) near.insert(quote + 1, "--");
  return usage("unknown option " + quoted(option) + near);
}

std::optional<ExitStatus> CommandLine::parse(const Arguments& arguments) {
  po::options_description accepted = parser_->all();
  accepted.add_options()("operand", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("operand", -1);
  const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
  try {
    po::store(po::command_line_parser(arguments)
                  .options(accepted)
                  .positional(positional)
                  .style(style)
                  .run(),
              parser_->values);
    po::notify(parser_->values);
  } catch (const po::unknown_option& error) {
    return complain_of_option(error.get_option_name());
  } catch (const po::error& error) {
    return usage(load::printable(error.what()));
  }
  operands_ = texts("operand");
  if (has("help")) {
    auto out = Output::open("");
    out->write(help());
    return out->finish(yes);
  }
  return interpret();
}

std::optional<ExitStatus> CommandLine::interpret() {
  const auto format = choice("format", formats_);
  if (!format) return format.error();
  json_ = *format == "json";
  const auto color = choice("color", {"auto", "always", "never"});
  if (!color) return color.error();
  paint_ = Paint(*format == "text" && wants_colour(*color, has("output")));

  if (has("semantics")) {
    const auto found = seccomp::find_semantics(text("semantics"));
    if (!found)
      return usage("option '--semantics': found " + quoted(text("semantics")) +
                   ", expected linux-3.5 ... " + std::string(seccomp::current_semantics) +
                   ", with -ARCH, -ARCH-jit or -ARCH-interpreter after it if need be "
                   "(linux-4.14, linux-6.12-ppc64le-jit)");
    semantics_ = *found;
  }
  if (has("input-format")) {
    const auto input = choice("input-format", input_formats);
    if (!input) return input.error();
    filter_options_.format = load::find_format(*input);
  }
  return std::nullopt;
}

tl::expected<Output, ExitStatus> CommandLine::open_output() const {
  if (has("output") && text("output").empty())
    return tl::unexpected(usage("option '--output': found '', expected a file"));
  auto output = Output::open(text("output"));
  if (output) return std::move(*output);
  complain(load::printable(output.error()));
  return tl::unexpected(cannot);
}

}  // namespace assay::tool
