# What `cmake --install` lays down: libraries, headers, CMake package, pkg-config files, the
# command, its man page, its completions, and the documents.

include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/assay")

install(TARGETS assay_core EXPORT assay-core-targets DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT assay-core-targets NAMESPACE assay:: DESTINATION "${package_dir}")
if(TARGET assay_assay)
  install(TARGETS assay_assay EXPORT assay-targets DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT assay-targets NAMESPACE assay:: DESTINATION "${package_dir}")
endif()
install(TARGETS assay_shared DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY include/assay DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")

configure_file(cmake/assay-config.cmake.in assay-config.cmake @ONLY)
# What keeps its meaning: all of a major version, and before 1.0 of a minor one.
set(stable_within SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(stable_within SameMinorVersion)
endif()
write_basic_package_version_file("${PROJECT_BINARY_DIR}/assay-config-version.cmake"
  COMPATIBILITY ${stable_within})
install(FILES "${PROJECT_BINARY_DIR}/assay-config.cmake"
  "${PROJECT_BINARY_DIR}/assay-config-version.cmake" DESTINATION "${package_dir}")

# The prefix is written relative to the file, so that a moved tree still works.
file(RELATIVE_PATH up_to_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
foreach(library assay-core assay assay-c)
  configure_file(cmake/${library}.pc.in ${library}.pc @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${library}.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()

if(TARGET assay)
  install(TARGETS assay DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(FILES docs/man/assay.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
  install(FILES tools/assay/completions/assay.bash RENAME assay
    DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
  install(FILES tools/assay/completions/assay.fish
    DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
  # Debian's zsh looks for what packages bring elsewhere than for what an administrator adds.
  install(CODE "
    set(zsh site-functions)
    if(CMAKE_INSTALL_PREFIX MATCHES \"(^|/)usr/?\$\")
      set(zsh vendor-completions)
    endif()
    file(INSTALL \"${PROJECT_SOURCE_DIR}/tools/assay/completions/_assay\"
      DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${zsh}\")")

  # Documents and what they link, in the folders that they have in the tree.
  install(FILES README.md CHANGELOG.md CONTRIBUTING.md LICENSE SECURITY.md action.yml
    .pre-commit-hooks.yaml DESTINATION "${CMAKE_INSTALL_DOCDIR}")
  install(DIRECTORY docs DESTINATION "${CMAKE_INSTALL_DOCDIR}" FILES_MATCHING
    PATTERN "*.md" PATTERN "*.svg"
    PATTERN "*.json" PATTERN man EXCLUDE)
  install(DIRECTORY ci examples python .clusterfuzzlite DESTINATION "${CMAKE_INSTALL_DOCDIR}"
    USE_SOURCE_PERMISSIONS PATTERN __pycache__ EXCLUDE PATTERN "*.so*" EXCLUDE
    PATTERN build EXCLUDE PATTERN "*.egg-info" EXCLUDE)
  install(DIRECTORY fuzz/oss-fuzz DESTINATION "${CMAKE_INSTALL_DOCDIR}/fuzz" USE_SOURCE_PERMISSIONS)
  install(FILES include/assay/assay.h DESTINATION "${CMAKE_INSTALL_DOCDIR}/include/assay")
  install(FILES include/assay/testing/catch2.hpp include/assay/testing/gtest.hpp
    DESTINATION "${CMAKE_INSTALL_DOCDIR}/include/assay/testing")
endif()
