# What `cmake --install` lays down: libraries, headers, CMake package, pkg-config files, the
# command, its man page and its completions.

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
write_basic_package_version_file("${PROJECT_BINARY_DIR}/assay-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
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
  install(DIRECTORY docs/ DESTINATION "${CMAKE_INSTALL_DOCDIR}" FILES_MATCHING PATTERN "*.md"
    PATTERN "*.json" PATTERN man EXCLUDE)
  install(FILES README.md CHANGELOG.md LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
  install(FILES tools/assay/completions/assay.bash RENAME assay
    DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
  install(FILES tools/assay/completions/_assay
    DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
  install(FILES tools/assay/completions/assay.fish
    DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
endif()
