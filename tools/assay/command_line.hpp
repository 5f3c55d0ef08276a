// Reading a command's options and operands: those that every command has, those that it adds,
// --help, and complaints that name the nearest thing that exists.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "assay/bpf/codec.hpp"
#include "assay/load/filter.hpp"
#include "assay/seccomp/semantics.hpp"
#include "command.hpp"
#include "diagnostics.hpp"
#include "output.hpp"

namespace assay::tool {

// What --help says around the list of options.
struct Manual {
  std::string_view command;
  std::string_view operands;  // "FILTER..."
  std::string_view purpose;
  std::string_view details;  // after the options; may be empty
  std::string_view example;  // "$ assay ..." and its output
};

enum class OptionKind : std::uint8_t { Flag, Text, Texts };  // Texts: may be repeated

struct Option {
  const char* name;
  OptionKind kind;
  const char* value;  // what --help calls it; empty for a flag
  const char* about;  // choices first, as "yes|no: ...", where there are any
};

class CommandLine {
 public:
  explicit CommandLine(const Manual& manual);
  ~CommandLine();

  // The command's own options.
  void add(std::initializer_list<Option> options);
  // --input-format, for commands that read filters.
  void add_input_format();
  // A format beside text and json.
  void accept_format(std::string_view format) { formats_.push_back(format); }

  // A status when there is nothing left to do: help was printed, or the complaint.
  std::optional<ExitStatus> parse(const Arguments& arguments);

  bool has(const char* option) const;
  // The value, or what stands for it when the option is not given.
  std::string text(const char* option, std::string_view otherwise = {}) const;
  const std::vector<std::string>& texts(const char* option) const;
  // Everything that was given for it, in one line.
  std::string given(const char* option) const;
  // The same for numbers and for one of several words; else the status after a complaint.
  tl::expected<unsigned, ExitStatus> number(const char* option, unsigned lowest, unsigned highest,
                                            unsigned otherwise) const;
  tl::expected<std::string, ExitStatus> choice(const char* option,
                                               const std::vector<std::string_view>& words) const;

  const std::vector<std::string>& operands() const { return operands_; }
  bool json() const { return json_; }
  std::string format() const { return text("format", formats_.front()); }
  bool quiet() const { return has("quiet"); }
  const seccomp::Semantics& semantics() const { return semantics_; }
  const load::FilterOptions& filter_options() const { return filter_options_; }
  const Paint& paint() const { return paint_; }

  tl::expected<Output, ExitStatus> open_output() const;
  ExitStatus usage(std::string_view sentence) const {
    return complain_of_usage(manual_.command, sentence);
  }
  // Notes are what --quiet silences.
  void note(std::string_view sentence) const {
    if (!quiet()) complain(sentence);
  }

 private:
  std::optional<ExitStatus> interpret();
  std::string help() const;
  ExitStatus complain_of_option(const std::string& option) const;

  Manual manual_;
  struct Parser;  // keeps Boost's headers, which are slow to compile, in one place
  std::unique_ptr<Parser> parser_;
  std::vector<std::string> operands_;
  std::vector<std::string_view> formats_{"text", "json"};
  bool json_ = false;
  seccomp::Semantics semantics_;
  load::FilterOptions filter_options_;
  Paint paint_;
};

// The status that an input error ends with.
ExitStatus status_of(const load::InputError& error);

// "; did you mean 'x'?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

// The worse of two, for commands that go on after a failure.
inline ExitStatus worse(ExitStatus a, ExitStatus b) { return a > b ? a : b; }

}  // namespace assay::tool
