# SPDX-License-Identifier: Apache-2.0
# Where the programs and their files go: cmake --install build/release --prefix /usr/local

include(GNUInstallDirs)
install(TARGETS salient)
install(DIRECTORY resources/calibration resources/evaluation resources/toy
        DESTINATION ${CMAKE_INSTALL_DATADIR}/salient)
install(FILES resources/prompts.txt DESTINATION ${CMAKE_INSTALL_DATADIR}/salient)
install(FILES packaging/man/salient.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
if(TARGET salient-workbench)
  install(TARGETS salient-workbench)
  install(FILES packaging/desktop/salient-workbench.desktop
          DESTINATION ${CMAKE_INSTALL_DATADIR}/applications)
  install(FILES packaging/desktop/salient.metainfo.xml
          DESTINATION ${CMAKE_INSTALL_DATADIR}/metainfo)
  install(FILES packaging/desktop/salient-mime.xml
          DESTINATION ${CMAKE_INSTALL_DATADIR}/mime/packages)
  install(FILES resources/salient.svg
          DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps)
endif()
