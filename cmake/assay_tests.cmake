# How the tests of a room and the fuzz targets become programs that ctest runs.

find_package(GTest REQUIRED)
find_program(ASSAY_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
include(GoogleTest)

include(assay_test_support)

# Tests named after the kernel install filters by the thousand. They wait for each other: on
# Linux 6.18 many processes at it at once can lock up the JIT (docs/kernel-faults.md). They begin
# first (COST), or they would be left at the end, one after another.
file(WRITE "${PROJECT_BINARY_DIR}/lock_kernel_tests.cmake" [=[
foreach(test IN LISTS assay_discovered)
  if(test MATCHES "[Kk]ernel")
    set_tests_properties("${test}" PROPERTIES RESOURCE_LOCK kernel COST 100)
  endif()
endforeach()
unset(assay_discovered)
]=])

# assay_test(NAME SOURCES ... LIBRARIES ... LABELS ...): one program of GoogleTests, each of
# them known to ctest as NAME.Suite.Test. Those labelled slow run in `tools/test --all`.
function(assay_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  set(program test_${name})
  add_executable(${program} ${TEST_SOURCES})
  target_include_directories(${program} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(${program} PRIVATE
    ASSAY_SOURCE_DIR="${PROJECT_SOURCE_DIR}" ASSAY_CORPUS="${ASSAY_CORPUS}")
  target_link_libraries(${program} PRIVATE
    assay_flags ${ASSAY_TESTED} ${TEST_LIBRARIES} GTest::gtest GTest::gtest_main)
  set(properties TIMEOUT 600)
  if(TEST_LABELS MATCHES "slow")
    set(properties TIMEOUT 1800)
  endif()
  if(TEST_LABELS)
    list(APPEND properties LABELS "${TEST_LABELS}")
  endif()
  gtest_discover_tests(${program} TEST_PREFIX "${name}." NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60
    TEST_LIST assay_discovered WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}" PROPERTIES ${properties})
  set_property(DIRECTORY APPEND PROPERTY
    TEST_INCLUDE_FILES "${PROJECT_BINARY_DIR}/lock_kernel_tests.cmake")
endfunction()

# assay_room_tests(ROOM LIBRARIES ...): tests/ROOM/*_test.cpp in one program, and
# *_slow_test.cpp in a second one.
function(assay_room_tests room)
  file(GLOB slow CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${room}/*_slow_test.cpp")
  file(GLOB fast CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${room}/*_test.cpp")
  list(REMOVE_ITEM fast ${slow})
  if(fast)
    assay_test(${room} SOURCES ${fast} ${ARGN})
  endif()
  if(slow)
    assay_test(${room}_slow SOURCES ${slow} LABELS slow ${ARGN})
  endif()
endfunction()

# assay_script_test(NAME COMMAND ... LABELS ...): a check that is a script. It finds the command
# in $ASSAY and the corpus in $ASSAY_CORPUS; exit 77 skips it.
function(assay_script_test name)
  cmake_parse_arguments(TEST "" "" "COMMAND;LABELS" ${ARGN})
  add_test(NAME ${name} COMMAND ${TEST_COMMAND})
  set(environment "ASSAY_CORPUS=${ASSAY_CORPUS}")
  if(TARGET assay)
    list(APPEND environment "ASSAY=$<TARGET_FILE:assay>")
  endif()
  if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
    list(APPEND environment "ASSAY_SANITIZED=1")
  endif()
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600
    LABELS "${TEST_LABELS}" ENVIRONMENT "${environment}")
endfunction()
