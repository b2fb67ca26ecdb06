# SPDX-License-Identifier: Apache-2.0
# Where things go; the tool finds its parts relative to its own place (tool/installation.c).
install(TARGETS tcpconnect RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS tcpconnect-compile RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/tcpconnect)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/probes/ DESTINATION ${CMAKE_INSTALL_DATADIR}/tcpconnect/probes
	FILES_MATCHING PATTERN "*.c" PATTERN "*.h")
install(FILES ${CMAKE_SOURCE_DIR}/tool/tcpconnect.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
# In the directories that they have here, so that the links between them lead somewhere.
install(FILES ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/examples DESTINATION ${CMAKE_INSTALL_DOCDIR}
	USE_SOURCE_PERMISSIONS PATTERN quickstart.sh EXCLUDE)
foreach(directory bench e2e vm)
	install(FILES ${CMAKE_SOURCE_DIR}/tests/${directory}/README.md
		DESTINATION ${CMAKE_INSTALL_DOCDIR}/tests/${directory})
endforeach()
