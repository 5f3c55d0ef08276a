// How the command meets signals: a closed pipe is a write error and no death, and what ends
// it from outside (Ctrl-C, SIGTERM, SIGHUP) removes the unfinished output file first.
#pragma once

#include <string>

namespace assay::tool {

// Also sees to it that 0, 1 and 2 are taken, so that no file is opened in their place.
void prepare_process();

// Files to remove when a signal ends the program. No more than a few at a time.
void remove_on_signal(const std::string& path);
void keep_on_signal(const std::string& path);

// Ends as a program does that nobody told of SIGPIPE.
[[noreturn]] void end_by_closed_pipe();

}  // namespace assay::tool
