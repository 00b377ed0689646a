# SPDX-License-Identifier: Apache-2.0
# The compiler flags that every target of ours shares, as one interface target, and the two
# functions through which rooms and tests are declared.

add_library(salient_flags INTERFACE)
target_compile_features(salient_flags INTERFACE cxx_std_20)
target_include_directories(salient_flags INTERFACE ${PROJECT_SOURCE_DIR})
# -fno-fast-math is said aloud: fast-math deletes the NaN checks. Contraction is off so that a sum
# has the same bits in every build; kernels ask for FMA by intrinsic where they want it.
set(salient_warnings
    -Wall
    -Wextra
    -Wpedantic
    -Wconversion
    -Wsign-conversion
    -Wshadow
    -Wformat=2
    -Werror
    -fno-fast-math
    -ffp-contract=off)
target_compile_options(salient_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${salient_warnings}>")
# nvcc's host stubs are not clean under -Wpedantic and the conversion warnings; device code is held
# to nvcc's own.
target_compile_options(
  salient_flags
  INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings;-Xcompiler=-Wall,-Wextra,-Wshadow,-Werror;--expt-relaxed-constexpr;-lineinfo>"
)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # gcc 12 sees overlapping copies in `"text" + std::string` (GCC bug 105651).
  target_compile_options(salient_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()

if(SALIENT_SANITIZE)
  target_compile_options(
    salient_flags
    INTERFACE
      "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${SALIENT_SANITIZE};-fno-sanitize-recover=all;-fno-omit-frame-pointer>"
  )
  target_link_options(salient_flags INTERFACE -fsanitize=${SALIENT_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  # The hardening set of the OpenSSF guide that gcc 12 accepts.
  set(salient_hardening -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS
                        -fstack-protector-strong -fstack-clash-protection)
  target_compile_options(salient_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${salient_hardening}>")
  target_link_options(salient_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

# salient_room(tensor SOURCES a.cpp ... LINKS salient_kernels ...) declares one room of the engine.
# The rooms to its left are its only links, so the linker keeps the ladder.
function(salient_room name)
  cmake_parse_arguments(room "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(salient_${name} STATIC ${room_SOURCES})
  target_link_libraries(salient_${name} PUBLIC salient_flags ${room_LINKS} PRIVATE ${room_PRIVATE_LINKS})
endfunction()

# salient_test(quantization_tests SOURCES a_test.cpp ... LINKS salient_quantization) declares one
# doctest program and registers it with CTest.
function(salient_test name)
  cmake_parse_arguments(test "" "TIMEOUT" "SOURCES;LINKS" ${ARGN})
  if(NOT test_TIMEOUT)
    set(test_TIMEOUT 120)
  endif()
  add_executable(${name} ${test_SOURCES})
  target_link_libraries(${name} PRIVATE salient_test_main ${test_LINKS})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${test_TIMEOUT} SKIP_RETURN_CODE 77)
endfunction()
