# How every target of the project is compiled, and how a room becomes a library.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()

option(ASSAY_WERROR "Warnings are errors" OFF)
add_library(assay_flags INTERFACE)
target_compile_options(assay_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow)
# GCC 12 takes "literal" + std::string for an overlapping copy (its bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(assay_flags INTERFACE -Wno-restrict)
endif()
if(ASSAY_WERROR)
  target_compile_options(assay_flags INTERFACE -Werror)
endif()

# assay_room(NAME SOURCES ... USES ... LIBRARIES ...)
# USES names rooms, LIBRARIES outside targets. The objects end up in assay_core or
# assay_assay (lib/CMakeLists.txt).
function(assay_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;LIBRARIES" ${ARGN})
  add_library(assay_${name} OBJECT ${ROOM_SOURCES})
  target_include_directories(assay_${name}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    PRIVATE ${PROJECT_SOURCE_DIR}/lib)
  target_link_libraries(assay_${name} PUBLIC tl::expected PRIVATE $<BUILD_INTERFACE:assay_flags>)
  foreach(used IN LISTS ROOM_USES)
    target_link_libraries(assay_${name} PUBLIC assay_${used})
  endforeach()
  target_link_libraries(assay_${name} PUBLIC ${ROOM_LIBRARIES})
endfunction()

# assay_library(NAME EXPORTED ROOMS ... LIBRARIES ...): a static library of rooms that is
# installed as assay::EXPORTED.
function(assay_library name exported)
  cmake_parse_arguments(LIBRARY "" "" "ROOMS;LIBRARIES" ${ARGN})
  add_library(${name} STATIC)
  foreach(room IN LISTS LIBRARY_ROOMS)
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:assay_${room}>)
  endforeach()
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  target_link_libraries(${name} PUBLIC tl::expected ${LIBRARY_LIBRARIES})
  string(REPLACE assay_assay assay file ${name})
  set_target_properties(${name} PROPERTIES EXPORT_NAME ${exported} OUTPUT_NAME ${file})
  add_library(assay::${exported} ALIAS ${name})
endfunction()

# assay_uninstrumented(TARGET): never built with sanitizers, for programs that live under a
# filter, are traced, or map fixed addresses, and link none of the libraries.
function(assay_uninstrumented name)
  target_compile_options(${name} PRIVATE -fno-sanitize=all)
  target_link_options(${name} PRIVATE -fno-sanitize=all)
endfunction()
