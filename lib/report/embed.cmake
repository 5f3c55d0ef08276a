# Turns files into C++ string literals.
#
#   cmake "-DPARTS=style=a/theme.css+a/page.css script=b/page.js" -DOUTPUT=x.inc -P embed.cmake
#
# Files joined by + become one `constexpr std::string_view style = ...;`, with the digest of its
# bytes, `style_sha256`, in hexadecimal.

cmake_minimum_required(VERSION 3.25)

# A literal may not be longer than 65536 bytes everywhere; pieces are joined by the compiler.
set(piece 16000)

set(output "")
separate_arguments(parts UNIX_COMMAND "${PARTS}")
foreach(part IN LISTS parts)
  string(REGEX MATCH "^([a-z_]+)=(.+)$" matched "${part}")
  set(name "${CMAKE_MATCH_1}")
  string(REPLACE "+" ";" files "${CMAKE_MATCH_2}")
  set(text "")
  foreach(file IN LISTS files)
    file(READ "${file}" content)
    string(APPEND text "${content}")
  endforeach()
  if(text MATCHES "\\)embedded\"" OR text MATCHES "</(style|script)")
    message(FATAL_ERROR "${part}: has the end of what it is put into")
  endif()
  string(SHA256 digest "${text}")
  string(APPEND output "constexpr std::string_view ${name}_sha256 = \"${digest}\";\n"
    "constexpr std::string_view ${name} =\n")
  string(LENGTH "${text}" length)
  set(at 0)
  while(at LESS length)
    string(SUBSTRING "${text}" ${at} ${piece} literal)
    string(APPEND output "R\"embedded(${literal})embedded\"\n")
    math(EXPR at "${at} + ${piece}")
  endwhile()
  string(APPEND output ";\n")
endforeach()
file(WRITE "${OUTPUT}" "${output}")
