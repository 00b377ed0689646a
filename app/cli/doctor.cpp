// SPDX-License-Identifier: Apache-2.0
// salient doctor: what this machine offers, and that the program's parts are in place.

#include <algorithm>
#include <filesystem>

#include "app/cli/command.h"
#include "app/resources.h"
#include "engine/error.h"
#include "engine/report/numbers.h"
#include "engine/runtime/linear_times.h"

namespace salient::app {
namespace {

struct Finding {
  std::string name, value;
  bool fine = true;
};

Finding resources_finding() {
  try {
    const auto folder = resources_folder();
    const bool whole = std::filesystem::exists(folder / "calibration") &&
                       std::filesystem::exists(folder / "evaluation") &&
                       std::filesystem::exists(toy_checkpoint() / "config.json");
    return {"resources", folder.string() + (whole ? "" : " is incomplete; install Salient again"),
            whole};
  } catch (const Error& error) {
    return {"resources", error.what(), false};
  }
}

/// A machine without a GPU is a fine one: the CPU is the default.
Finding cuda_finding() {
  const std::string problem = cuda_problem();
  if (!problem.empty()) return {"CUDA", problem + "; the CPU is used"};
  std::string found;
  for (const CudaDevice& device : cuda_devices()) {
    found += (found.empty() ? "" : ", ") + ("cuda:" + std::to_string(device.index)) + " " +
             device.name + " with " + format_bytes(static_cast<double>(device.total_memory));
  }
  return {"CUDA", found};
}

/// Every bit width and float16, with one token and with many, on the device and on the CPU.
Finding kernels_finding(Backend& backend) {
  constexpr double kAllowed = 5e-3;
  const auto cpu = make_cpu_backend();
  double worst = 0;
  for (const std::int64_t tokens : {1, 7, 150}) {
    for (const int bits : {2, 3, 4, 8, 16}) {
      LinearCase problem{448, 320, tokens};
      if (bits < 16) problem.scheme = QuantScheme{.bits = bits, .group_size = 64};
      worst = std::max(worst, linear_difference(backend, *cpu, problem));
    }
  }
  const std::string text = "linears of 2, 3, 4, 8 and 16 bits are within " +
                           format_significant(worst, 2) + " of the CPU's";
  return {"kernels", worst <= kAllowed ? text : text + "; do not trust this device's results",
          worst <= kAllowed};
}

std::vector<Finding> examine(Backend& backend) {
  const DeviceInfo device = backend.device();
  constexpr std::int64_t kProbeBytes = 256'000'000;
  return {{"version", SALIENT_VERSION},
          {"device", device.name + ", " + device.details},
          {"memory", format_bytes(static_cast<double>(device.free_memory)) + " free of " +
                         format_bytes(static_cast<double>(device.total_memory))},
          {"read bandwidth", format_bandwidth(backend.measure_read_bandwidth(kProbeBytes)) +
                                 " over " + format_bytes(static_cast<double>(kProbeBytes))},
          kernels_finding(backend),
          cuda_finding(),
          resources_finding()};
}

}  // namespace

Command add_doctor(CLI::App& root) {
  CLI::App* app = root.add_subcommand("doctor", "What this machine offers, and what is missing");
  return {app, [](const Context& context, Terminal& terminal) {
            const auto backend = make_backend(context.globals.device);
            nlohmann::ordered_json json;
            bool fine = true;
            for (const Finding& finding : examine(*backend)) {
              json[finding.name] = finding.value;
              fine = fine && finding.fine;
              if (!terminal.json()) {
                terminal.print((finding.fine ? "ok       " : "problem  ") + finding.name + ": " +
                               printable(finding.value));
              }
            }
            json["fine"] = fine;
            if (terminal.json()) terminal.print_json(json);
            if (!fine) throw Error(ErrorKind::Failure, "the doctor found a problem; see above");
          }};
}

}  // namespace salient::app
