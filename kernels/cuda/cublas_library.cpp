// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/cublas_library.h"

#include <string>

#include <dlfcn.h>

#include "kernels/cuda/launch.h"

namespace salient::kernels::cuda {
namespace {

void* open_library() {
  const std::string file = "libcublas.so." + std::to_string(CUBLAS_VER_MAJOR);
  for (const std::string& path :
       {file, std::string(SALIENT_CUDA_LIBRARIES) + "/" + file, "/usr/local/cuda/lib64/" + file}) {
    if (void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
  }
  throw CudaError(cudaErrorSharedObjectInitFailed, file + " cannot be loaded; install the CUDA " +
                                                       std::to_string(CUBLAS_VER_MAJOR) +
                                                       " libraries or use the CPU");
}

template <class Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) {
    throw CudaError(cudaErrorSharedObjectSymbolNotFound, std::string("cuBLAS has no ") + name);
  }
}

CublasLibrary load() {
  void* library = open_library();
  CublasLibrary functions = {};
  find(library, "cublasCreate_v2", functions.create);
  find(library, "cublasDestroy_v2", functions.destroy);
  find(library, "cublasSetStream_v2", functions.set_stream);
  find(library, "cublasSetWorkspace_v2", functions.set_workspace);
  find(library, "cublasSetPointerMode_v2", functions.set_pointer_mode);
  find(library, "cublasGemmEx", functions.gemm);
  find(library, "cublasGetStatusString", functions.status_string);
  return functions;
}

}  // namespace

const CublasLibrary& cublas_library() {
  static const CublasLibrary library = load();
  return library;
}

}  // namespace salient::kernels::cuda
