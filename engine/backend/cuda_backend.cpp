// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/cuda_backend.h"

#include <algorithm>
#include <string>
#include <utility>

#include <cuda_runtime_api.h>

#include "engine/backend/cuda_transfer.h"
#include "engine/backend/device_request.h"
#include "engine/error.h"
#include "kernels/cuda/bandwidth.h"
#include "kernels/cuda/tile_rows.h"
#include "kernels/half.h"

namespace salient {

namespace cuda = kernels::cuda;

namespace {

/// Below this the second-level cache would be measured.
constexpr std::int64_t kBandwidthProbe = std::int64_t{1} << 30;
constexpr int kLeastCapability = 80;

cudaDeviceProp properties_of(int device) {
  cudaDeviceProp properties = {};
  cuda::check(cudaGetDeviceProperties(&properties, device), "the GPU's properties");
  return properties;
}

int checked_device(int device) {
  const std::string problem = cuda_problem();
  if (!problem.empty()) throw Error(ErrorKind::Unsupported, problem);
  int count = 0;
  cuda::check(cudaGetDeviceCount(&count), "the number of GPUs");
  if (device < 0 || device >= count) {
    throw Error(ErrorKind::BadInput,
                "cuda:" + std::to_string(device) + " does not exist; there " +
                    (count == 1 ? "is 1 GPU" : "are " + std::to_string(count) + " GPUs"));
  }
  return device;
}

/// A captured graph and the memory that its nodes name.
class CudaProgram final : public Program {
 public:
  CudaProgram(cudaGraphExec_t graph, cudaStream_t stream, std::shared_ptr<void> memory,
              std::vector<Tensor> chains)
      : graph_(graph), stream_(stream), memory_(std::move(memory)), chains_(std::move(chains)) {}
  ~CudaProgram() override {
    static_cast<void>(cudaStreamSynchronize(stream_));
    static_cast<void>(cudaGraphExecDestroy(graph_));
  }
  CudaProgram(const CudaProgram&) = delete;
  CudaProgram& operator=(const CudaProgram&) = delete;
  void run() override { cuda::check(cudaGraphLaunch(graph_, stream_), "a recorded step"); }

 private:
  cudaGraphExec_t graph_;
  cudaStream_t stream_;
  std::shared_ptr<void> memory_;
  std::vector<Tensor> chains_;
};

}  // namespace

CudaStream::CudaStream(int device) {
  cuda::check(cudaSetDevice(device), "cudaSetDevice");
  cuda::check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
}

CudaStream::~CudaStream() {
  static_cast<void>(cudaStreamSynchronize(stream_));
  static_cast<void>(cudaStreamDestroy(stream_));
}

CudaBackend::CudaBackend(int device, std::int64_t memory_limit)
    : device_(checked_device(device)),
      memory_(std::make_shared<CudaMemory>(memory_limit)),
      stream_(device_),
      limits_(cuda::device_limits(device_)),
      matmul_workspace_(scratch(cuda::Matmul::kWorkspaceBytes)),
      matmul_(stream_.get(), matmul_workspace_.data(), cuda::Matmul::kWorkspaceBytes) {}

CudaBackend::~CudaBackend() {
  static_cast<void>(cudaStreamSynchronize(stream()));
}

DeviceInfo CudaBackend::device() const {
  const cudaDeviceProp properties = properties_of(device_);
  std::size_t free = 0, total = 0;
  cuda::check(cudaMemGetInfo(&free, &total), "the GPU's memory");
  DeviceInfo info;
  info.name = properties.name;
  info.details = "cuda:" + std::to_string(device_) + ", compute " +
                 std::to_string(properties.major) + "." + std::to_string(properties.minor);
  const std::int64_t limit = memory_->limit();
  info.total_memory = static_cast<std::int64_t>(total);
  info.free_memory = static_cast<std::int64_t>(free);
  if (limit != 0) {
    info.total_memory = std::min(info.total_memory, limit);
    info.free_memory = std::min(info.free_memory, limit - memory_->in_use());
  }
  return info;
}

double CudaBackend::measure_read_bandwidth(std::int64_t bytes) {
  const std::int64_t probe = std::max(bytes, kBandwidthProbe);
  const Tensor buffer = scratch(static_cast<std::size_t>(probe));
  cuda::check(cudaMemsetAsync(const_cast<std::byte*>(buffer.data()), 1, buffer.bytes(), stream()),
              "memset");
  return cuda::read_bandwidth(buffer.data(), buffer.bytes(), stream());
}

double CudaBackend::measure_copy_bandwidth(std::int64_t bytes) {
  Tensor buffer = scratch(static_cast<std::size_t>(std::max(bytes, kBandwidthProbe)));
  return cuda::copy_bandwidth(buffer.data(), buffer.bytes(), stream());
}

void CudaBackend::set_activation_precision(ActivationPrecision /*precision*/) {}

void CudaBackend::wait() {
  cuda::check(cudaStreamSynchronize(stream()), "the GPU's work");
}

Tensor CudaBackend::scratch(std::size_t bytes) {
  return Tensor::on_device(DType::U8, {static_cast<std::int64_t>(bytes)}, memory_->allocate(bytes));
}

Tensor CudaBackend::allocate(DType dtype, Shape shape) {
  const auto bytes = static_cast<std::size_t>(element_count(shape)) * size_of(dtype);
  return Tensor::on_device(dtype, std::move(shape), memory_->allocate(bytes));
}

Tensor CudaBackend::allocate_zeros(DType dtype, Shape shape) {
  Tensor tensor = allocate(dtype, std::move(shape));
  cuda::check(cudaMemsetAsync(tensor.data(), 0, tensor.bytes(), stream()), "memset");
  return tensor;
}

Tensor CudaBackend::upload(const Tensor& tensor) {
  if (tensor.empty() || tensor.memory() == Memory::Device) return tensor;
  Tensor there = allocate(tensor.dtype(), tensor.shape());
  cuda::check(cudaMemcpyAsync(there.data(), tensor.data(), tensor.bytes(), cudaMemcpyHostToDevice,
                              stream()),
              "a copy to the GPU");
  // Pageable memory may be read after the call returns, and the caller may free it.
  wait();
  return there;
}

Tensor CudaBackend::upload_weight(const Tensor& weight) {
  if (weight.dtype() != DType::BF16 || weight.memory() == Memory::Device) return upload(weight);
  Tensor wide(DType::F32, weight.shape());
  const auto from = weight.as<std::uint16_t>();
  std::ranges::transform(from, wide.as<float>().begin(), bf16_to_f32);
  return upload(wide);
}

Tensor CudaBackend::download(const Tensor& tensor) {
  if (tensor.empty() || tensor.memory() == Memory::Host) return tensor;
  Tensor here(tensor.dtype(), tensor.shape());
  cuda::check(
      cudaMemcpyAsync(here.data(), tensor.data(), here.bytes(), cudaMemcpyDeviceToHost, stream()),
      "a copy from the GPU");
  wait();
  return here;
}

Tensor CudaBackend::copy(const Tensor& tensor) {
  Tensor twin = allocate(tensor.dtype(), tensor.shape());
  cuda::check(cudaMemcpyAsync(twin.data(), tensor.data(), tensor.bytes(), cudaMemcpyDeviceToDevice,
                              stream()),
              "a copy on the GPU");
  return twin;
}

void CudaBackend::write(std::span<const std::int32_t> values, Tensor& tensor) {
  cuda::check(cudaMemcpyAsync(tensor.data(), values.data(), values.size_bytes(),
                              cudaMemcpyHostToDevice, stream()),
              "a copy to the GPU");
}

KvLayer CudaBackend::make_kv_layer(std::int64_t num_kv_heads, std::int64_t capacity,
                                   std::int64_t head_dim) {
  const Shape shape = {num_kv_heads, capacity, head_dim};
  return {allocate(DType::F16, shape), allocate(DType::F16, shape)};
}

std::unique_ptr<Program> CudaBackend::record(std::function<void()> stages) {
  wait();
  memory_->start_recording();
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  try {
    cuda::check(cudaStreamBeginCapture(stream(), cudaStreamCaptureModeRelaxed), "recording");
    stages();
    launch_waiting();
    cuda::check(cudaStreamEndCapture(stream(), &graph), "recording");
    cuda::check(cudaGraphInstantiate(&executable, graph, 0), "instantiating a recorded step");
  } catch (...) {
    waiting_.clear();
    chains_.clear();
    if (graph == nullptr) static_cast<void>(cudaStreamEndCapture(stream(), &graph));
    if (graph != nullptr) static_cast<void>(cudaGraphDestroy(graph));
    static_cast<void>(memory_->finish_recording());
    throw;
  }
  static_cast<void>(cudaGraphDestroy(graph));
  return std::make_unique<CudaProgram>(executable, stream(), memory_->finish_recording(),
                                       std::exchange(chains_, {}));
}

PackedLinear CudaBackend::pack(const QuantizedMatrix& matrix, Tensor bias) {
  const CudaTransfer transfer{*memory_, stream()};
  const Tensor codes = transfer.upload(std::span<const std::uint8_t>(matrix.codes));
  const Tensor steps = transfer.upload(std::span<const std::uint16_t>(matrix.steps));
  const Tensor zero_points = transfer.upload(std::span<const std::uint8_t>(matrix.zero_points));
  const kernels::TiledShape shape{matrix.scheme.bits, matrix.out_features, matrix.in_features,
                                  matrix.scheme.group_of(matrix.in_features)};
  PackedLinear packed{matrix.scheme, matrix.out_features, matrix.in_features,
                      allocate(DType::U8, {shape.bytes()}), upload(bias)};
  cuda::pack_tiles(shape, device_data<std::uint8_t>(codes), device_data<std::uint16_t>(steps),
                   device_data<std::uint8_t>(zero_points), device_data<std::uint8_t>(packed.packed),
                   stream());
  // A fused stage reads weights before earlier launches end.
  wait();
  return packed;
}

std::vector<CudaDevice> cuda_devices() {
  std::vector<CudaDevice> devices;
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) {
    static_cast<void>(cudaGetLastError());
    return devices;
  }
  for (int index = 0; index < count; ++index) {
    const cudaDeviceProp properties = properties_of(index);
    devices.push_back({index, properties.name, properties.major * 10 + properties.minor,
                       static_cast<std::int64_t>(properties.totalGlobalMem)});
  }
  return devices;
}

std::int64_t cuda_free_memory(int device) {
  std::size_t free = 0, total = 0;
  const bool told =
      cudaSetDevice(device) == cudaSuccess && cudaMemGetInfo(&free, &total) == cudaSuccess;
  static_cast<void>(cudaGetLastError());
  return told ? static_cast<std::int64_t>(free) : 0;
}

std::string cuda_problem() {
  int count = 0;
  const cudaError_t found = cudaGetDeviceCount(&count);
  static_cast<void>(cudaGetLastError());
  if (found == cudaErrorInsufficientDriver) {
    int driver = 0, runtime = 0;
    static_cast<void>(cudaDriverGetVersion(&driver));
    static_cast<void>(cudaRuntimeGetVersion(&runtime));
    if (driver == 0) return "no NVIDIA driver is loaded, so there is no CUDA device";
    return "the NVIDIA driver supports CUDA " + std::to_string(driver / 1000) + "." +
           std::to_string(driver % 1000 / 10) + ", this build needs " +
           std::to_string(runtime / 1000) + "." + std::to_string(runtime % 1000 / 10) +
           "; update the driver";
  }
  if (found != cudaSuccess || count == 0) {
    return std::string("no CUDA device is available (") + cudaGetErrorString(found) + ")";
  }
  const cudaDeviceProp first = properties_of(0);
  if (first.major * 10 + first.minor < kLeastCapability) {
    return std::string(first.name) + " has compute capability " + std::to_string(first.major) +
           "." + std::to_string(first.minor) + ", the kernels need 8.0";
  }
  return {};
}

std::unique_ptr<Backend> make_cuda_backend(int device, std::int64_t memory_limit) {
  return std::make_unique<CudaBackend>(device, memory_limit);
}

}  // namespace salient
