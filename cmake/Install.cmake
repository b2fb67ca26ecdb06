# SPDX-License-Identifier: Apache-2.0
# Where things go; the tool finds its parts relative to its own place (tool/installation.c).
install(TARGETS tcpconnect RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS tcpconnect-compile RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/tcpconnect)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/probes/ DESTINATION ${CMAKE_INSTALL_DATADIR}/tcpconnect/probes
	FILES_MATCHING PATTERN "*.c" PATTERN "*.h")
install(FILES ${CMAKE_SOURCE_DIR}/tool/tcpconnect.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/examples/tcpconnect_example.txt
	DESTINATION ${CMAKE_INSTALL_DOCDIR})
