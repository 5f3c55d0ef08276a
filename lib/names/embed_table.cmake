# Turns a table of tab-separated values into rows of a C++ initialiser.
#
#   cmake -DINPUT=x.tsv -DOUTPUT=x.inc "-DCOLUMNS=name:text since:version ..." -P embed_table.cmake
#
# COLUMNS names every column of the table in its order, with how a cell becomes C++:
#   text        "cell", a name
#   words       "cell", in words
#   number      cell: decimal, hexadecimal or octal, with or without a minus sign
#   maybe       the same, or std::nullopt for a blank cell
#   version     {MAJOR, MINOR}
#   enum=TYPE   TYPE::Cell
#   drop        nothing
# A { or } between columns goes into every row. A cell that does not fit fails the build with
# its file, line and column.

cmake_minimum_required(VERSION 3.25)

set(number_form "^-?(0|[1-9][0-9]*|0[0-7]+|0x[0-9a-f]+)$")

function(refuse line where found expected)
  message(FATAL_ERROR "${INPUT}:${line}: ${where}: found '${found}', expected ${expected}")
endfunction()

function(translate cell type line column result)
  set(cxx "")
  if(type STREQUAL "text")
    if(NOT cell MATCHES "^[A-Za-z0-9_@-]+$")
      refuse(${line} "column ${column}" "${cell}" "a name")
    endif()
    set(cxx "\"${cell}\", ")
  elseif(type STREQUAL "words")
    if(NOT cell MATCHES "^[A-Za-z0-9_@:;#., -]+$")
      refuse(${line} "column ${column}" "${cell}" "words")
    endif()
    set(cxx "\"${cell}\", ")
  elseif(type STREQUAL "maybe" AND cell STREQUAL "")
    set(cxx "std::nullopt, ")
  elseif(type STREQUAL "number" OR type STREQUAL "maybe")
    if(NOT cell MATCHES "${number_form}")
      refuse(${line} "column ${column}" "${cell}" "a number")
    endif()
    set(cxx "${cell}, ")
  elseif(type STREQUAL "version")
    if(NOT cell MATCHES "^([0-9]+)\\.([0-9]+)$")
      refuse(${line} "column ${column}" "${cell}" "MAJOR.MINOR")
    endif()
    set(cxx "{${CMAKE_MATCH_1}, ${CMAKE_MATCH_2}}, ")
  elseif(type MATCHES "^enum=(.+)$")
    set(enumeration "${CMAKE_MATCH_1}")
    if(NOT cell MATCHES "^([a-z])([a-z0-9]*)$")
      refuse(${line} "column ${column}" "${cell}" "a word in lower case")
    endif()
    string(TOUPPER "${CMAKE_MATCH_1}" initial)
    set(cxx "${enumeration}::${initial}${CMAKE_MATCH_2}, ")
  elseif(NOT type STREQUAL "drop")
    message(FATAL_ERROR "unknown type '${type}' of column ${column}")
  endif()
  set(${result} "${cxx}" PARENT_SCOPE)
endfunction()

string(REPLACE " " ";" plan "${COLUMNS}")
set(names ${plan})
list(FILTER names EXCLUDE REGEX "^[{}]$")
list(TRANSFORM names REPLACE ":.*$" "")
list(LENGTH names width)

# What CMake reads as the structure of a list may stand in a cell that is dropped.
file(READ "${INPUT}" text)
string(REGEX REPLACE "[][;\\]" "," text "${text}")
string(REGEX REPLACE "\n$" "" text "${text}")
string(REPLACE "\n" ";" lines "${text}")

set(output "")
set(header_seen FALSE)
set(line 0)
foreach(text IN LISTS lines)
  math(EXPR line "${line} + 1")
  if(text MATCHES "^#")
    continue()
  endif()
  string(REPLACE "\t" ";" cells "${text}")
  list(LENGTH cells count)
  if(NOT count EQUAL width)
    refuse(${line} "row" "${text}" "${width} columns instead of ${count}")
  endif()
  if(NOT header_seen)
    if(NOT cells STREQUAL names)
      refuse(${line} "names of the columns" "${cells}" "${names}")
    endif()
    set(header_seen TRUE)
    continue()
  endif()
  set(row "")
  set(at 0)
  foreach(step IN LISTS plan)
    if(step MATCHES "^[{]$")
      string(APPEND row "{{")
    elseif(step MATCHES "^[}]$")
      string(APPEND row "}}, ")
    else()
      string(REGEX REPLACE "^[^:]*:" "" type "${step}")
      string(REGEX REPLACE ":.*$" "" column "${step}")
      list(GET cells ${at} cell)
      math(EXPR at "${at} + 1")
      translate("${cell}" "${type}" ${line} ${column} cxx)
      string(APPEND row "${cxx}")
    endif()
  endforeach()
  string(APPEND output "{${row}},\n")
endforeach()
if(output STREQUAL "")
  message(FATAL_ERROR "${INPUT}: no rows")
endif()
file(WRITE "${OUTPUT}" "${output}")
