# `cpack` in a build folder makes a .deb of what `cmake --install` lays down.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME assay)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "assay maintainers <maintainers@users.noreply.assay.example>")
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# For who builds against the library: of assay::core the first, of assay::assay all.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libexpected-dev, libseccomp-dev, libsqlite3-dev, libyaml-dev, \
libz3-dev, nlohmann-json3-dev, pkg-config")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${PROJECT_BINARY_DIR}/triggers")
# The linker's cache has to learn of libassay.so.
file(WRITE "${PROJECT_BINARY_DIR}/triggers" "activate-noawait ldconfig\n")
include(CPack)
