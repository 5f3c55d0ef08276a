# Shared by tests and fuzz targets: rows of data, a second interpreter that knows none of ours,
# and the tester that holds every engine to one truth.

# What a test links: all that is built so far.
if(TARGET assay_assay)
  set(ASSAY_TESTED assay::assay)
else()
  set(ASSAY_TESTED assay::core)
endif()

set(tests "${PROJECT_SOURCE_DIR}/tests")
file(GLOB support CONFIGURE_DEPENDS ${tests}/*.cpp ${tests}/independent/*.cpp
  ${tests}/engine/agreement*.cpp ${tests}/trace/programs.cpp ${tests}/trace/rendered.cpp)
list(FILTER support EXCLUDE REGEX "_test\\.cpp$")
add_library(test_support STATIC ${support})
target_include_directories(test_support PUBLIC "${tests}")
target_compile_definitions(test_support PRIVATE ASSAY_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_link_libraries(test_support PUBLIC ${ASSAY_TESTED} PRIVATE assay_flags)
