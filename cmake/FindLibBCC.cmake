# SPDX-License-Identifier: Apache-2.0
# libbcc: the target LibBCC::LibBCC. Its pkg-config file exists only in some distributions.
find_path(LibBCC_INCLUDE_DIR bcc/bcc_common.h)
find_library(LibBCC_LIBRARY bcc)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibBCC
	REQUIRED_VARS LibBCC_LIBRARY LibBCC_INCLUDE_DIR
	REASON_FAILURE_MESSAGE "Run cmake/install-deps.sh (Debian: libbpfcc-dev).")
if(LibBCC_FOUND AND NOT TARGET LibBCC::LibBCC)
	add_library(LibBCC::LibBCC UNKNOWN IMPORTED)
	set_target_properties(LibBCC::LibBCC PROPERTIES
		IMPORTED_LOCATION ${LibBCC_LIBRARY}
		INTERFACE_INCLUDE_DIRECTORIES ${LibBCC_INCLUDE_DIR})
endif()
mark_as_advanced(LibBCC_INCLUDE_DIR LibBCC_LIBRARY)
