# Turns files into C++ string literals.
#
#   cmake "-DFILES=a/style.css b/page.js" -DOUTPUT=x.inc -P embed.cmake
#
# a/style.css becomes `constexpr std::string_view style_css = ...;`.

cmake_minimum_required(VERSION 3.25)

# A literal may not be longer than 65536 bytes everywhere; pieces are joined by the compiler.
set(piece 16000)

set(output "")
separate_arguments(files UNIX_COMMAND "${FILES}")
foreach(file IN LISTS files)
  file(READ "${file}" text)
  if(text MATCHES "\\)embedded\"")
    message(FATAL_ERROR "${file}: has the end of its own literal")
  endif()
  cmake_path(GET file FILENAME name)
  string(MAKE_C_IDENTIFIER "${name}" name)
  string(LENGTH "${text}" length)
  string(APPEND output "constexpr std::string_view ${name} =\n")
  set(at 0)
  while(at LESS length)
    string(SUBSTRING "${text}" ${at} ${piece} part)
    string(APPEND output "R\"embedded(${part})embedded\"\n")
    math(EXPR at "${at} + ${piece}")
  endwhile()
  string(APPEND output ";\n")
endforeach()
file(WRITE "${OUTPUT}" "${output}")
