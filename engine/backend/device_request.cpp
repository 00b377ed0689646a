// SPDX-License-Identifier: Apache-2.0
#include "engine/backend/device_request.h"

#include <charconv>
#include <cmath>
#include <string_view>

#include "engine/error.h"

namespace salient {
namespace {

constexpr std::string_view kCuda = "cuda";

[[noreturn]] void refuse_name(const std::string& name) {
  throw Error(ErrorKind::BadInput,
              "device " + name + " is not known; use cpu, cuda or cuda:0, cuda:1 …");
}

int index_of_gpu(const std::string& name) {
  if (name == kCuda) return 0;
  const std::string_view digits = std::string_view(name).substr(kCuda.size());
  int index = -1;
  if (!digits.starts_with(':')) refuse_name(name);
  const auto [end, error] =
      std::from_chars(digits.data() + 1, digits.data() + digits.size(), index);
  if (error != std::errc() || end != digits.data() + digits.size() || index < 0) refuse_name(name);
  return index;
}

double unit_of(char letter) {
  switch (letter) {
    case 'k':
    case 'K':
      return 1e3;
    case 'm':
    case 'M':
      return 1e6;
    case 'g':
    case 'G':
      return 1e9;
    default:
      return 0;
  }
}

}  // namespace

std::unique_ptr<Backend> make_backend(const DeviceRequest& request) {
  if (request.name == "cpu") return make_cpu_backend(request.threads);
  if (!request.name.starts_with(kCuda)) refuse_name(request.name);
  return make_cuda_backend(index_of_gpu(request.name), request.memory_limit);
}

std::int64_t parse_memory(const std::string& text) {
  double value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  const double unit = end == last ? 1 : unit_of(*end);
  const bool whole = end == last || end + 1 == last;
  if (error != std::errc() || !whole || unit == 0 || !(value > 0) || value * unit > 1e15) {
    throw Error(ErrorKind::BadInput,
                "\"" + text + "\" is not an amount of memory; write 8g or 512m");
  }
  return static_cast<std::int64_t>(std::llround(value * unit));
}

}  // namespace salient
