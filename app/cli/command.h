// SPDX-License-Identifier: Apache-2.0
#pragma once

// What every subcommand gets, and the list of them. A subcommand is one function that declares its
// flags on a CLI11 app and returns the work to do once they are parsed.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/cli/terminal.h"
#include "engine/backend/device_request.h"
#include "engine/runtime/loaded_model.h"

namespace salient::app {

/// Flags that every subcommand spells the same.
struct Globals {
  bool json = false;
  DeviceRequest device;
};

struct Context {
  Globals globals;
  std::vector<std::string> arguments;  ///< as typed, for "how this was made"
  std::stop_token stop;                ///< Ctrl+C and SIGTERM
};

using Work = std::function<void(const Context&, Terminal&)>;

struct Command {
  CLI::App* app;
  Work work;
};

Command add_info(CLI::App& root);
Command add_plan(CLI::App& root);
Command add_quantize(CLI::App& root);
Command add_configs(CLI::App& root);
Command add_inspect(CLI::App& root);
Command add_report(CLI::App& root);
Command add_export(CLI::App& root);
Command add_eval(CLI::App& root);
Command add_chat(CLI::App& root);
Command add_bench(CLI::App& root);
Command add_synth(CLI::App& root);
Command add_logits(CLI::App& root);
Command add_tokenize(CLI::App& root);
Command add_doctor(CLI::App& root);
Command add_licenses(CLI::App& root);
Command add_completion(CLI::App& root);

/// --head stored|fp16|int8, the same in chat, eval and bench.
void add_head_flag(CLI::App& app, HeadPrecision& head);

/// The command line again, quoted for a shell.
std::string shell_quoted(const std::vector<std::string>& arguments);

}  // namespace salient::app
