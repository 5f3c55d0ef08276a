// Prints the raw verdict of a filter on stdin for getpid(): verdict <examples/container.bpf
#include <assay/bpf/codec.hpp>
#include <assay/engine/interpreter.hpp>
#include <assay/verify/accept.hpp>
#include <cstdio>
#include <iostream>
#include <iterator>

int main() {
  const std::string bytes(std::istreambuf_iterator<char>(std::cin), {});
  const auto filter = assay::bpf::decode(assay::bpf::bytes_of(bytes), assay::bpf::Format::Raw);
  if (!filter) return 3;
  const auto program = assay::verify::accept(*filter);
  if (!program) return 1;
  const assay::engine::Interpreter interpreter(*program);
  std::printf("%08x\n", interpreter.run({.nr = 39, .arch = 0xc000003e}));
}
