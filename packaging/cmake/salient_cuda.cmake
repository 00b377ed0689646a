# SPDX-License-Identifier: Apache-2.0
# The CUDA language, its architectures and its libraries. A release for others is built with
# -DSALIENT_CUDA_ARCHITECTURES=all; by default one architecture is built: the card's own where there
# is one, else Hopper's, so that the code cannot rot where only a compiler is found.
set(SALIENT_CUDA_ARCHITECTURES "" CACHE STRING "Empty: one; all: every supported card; or a CMake list")
if(SALIENT_CUDA_ARCHITECTURES STREQUAL "all")
  set(CMAKE_CUDA_ARCHITECTURES 80-real 86-real 89-real 90a-real 100-real 120)
elseif(SALIENT_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES ${SALIENT_CUDA_ARCHITECTURES})
else()
  execute_process(
    COMMAND nvidia-smi --query-gpu=compute_cap --format=csv,noheader
    OUTPUT_VARIABLE salient_capability
    ERROR_QUIET
    RESULT_VARIABLE salient_no_card)
  if(NOT salient_no_card AND salient_capability MATCHES "^([0-9]+)\\.([0-9])")
    set(CMAKE_CUDA_ARCHITECTURES ${CMAKE_MATCH_1}${CMAKE_MATCH_2}-real)
  else()
    set(CMAKE_CUDA_ARCHITECTURES 90-real)
  endif()
  # wgmma and setmaxnreg exist in the arch-specific target alone.
  list(TRANSFORM CMAKE_CUDA_ARCHITECTURES REPLACE "^90-real$" "90a-real")
endif()
enable_language(CUDA)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  # CMake 3.25 does not know the flag of this dialect for nvcc 13.
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
find_package(CUDAToolkit REQUIRED)
