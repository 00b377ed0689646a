# SPDX-License-Identifier: Apache-2.0
# Where the programs and their files go: cmake --install build/release --prefix /usr/local

include(GNUInstallDirs)
install(TARGETS salient)
install(DIRECTORY resources/calibration resources/evaluation resources/toy
        DESTINATION ${CMAKE_INSTALL_DATADIR}/salient)
install(FILES resources/prompts.txt DESTINATION ${CMAKE_INSTALL_DATADIR}/salient)
# Made by the program that is installed, from the flags that it has.
foreach(completion bash:bash-completion/completions/salient zsh:zsh/site-functions/_salient
                   fish:fish/vendor_completions.d/salient.fish)
  string(REPLACE ":" ";" completion ${completion})
  list(GET completion 0 shell)
  list(GET completion 1 place)
  get_filename_component(folder ${place} DIRECTORY)
  get_filename_component(name ${place} NAME)
  install(CODE "execute_process(COMMAND \"$<TARGET_FILE:salient>\" completion ${shell}
    OUTPUT_FILE \"${CMAKE_BINARY_DIR}/completion/${name}\" COMMAND_ERROR_IS_FATAL ANY)")
  install(FILES ${CMAKE_BINARY_DIR}/completion/${name}
          DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder})
endforeach()
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/completion)
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
