// Draws a filter and records from bytes, as a fuzzer of somebody else's does, and runs them.
#include <assay/engine/interpreter.hpp>
#include <assay/sample/program.hpp>
#include <assay/sample/record.hpp>
#include <cstdio>

int main() {
  const std::uint8_t bytes[] = {7, 1, 200, 31, 4, 90};
  assay::sample::Random random{std::span(bytes)};
  const auto program = assay::sample::accepted_program(random);
  const assay::engine::Interpreter filter(program);
  std::size_t ran = 0;
  for (const auto& record : assay::sample::records(random, program.instructions(), 8))
    ran += filter.run(record) == filter.run(record) ? 1U : 0U;
  std::printf("%zu\n", ran);
}
