// SPDX-License-Identifier: Apache-2.0
// salient licenses: every component of this program with its licence.

#include <array>

#include "app/cli/command.h"

namespace salient::app {
namespace {

struct Component {
  const char* name;
  const char* licence;
  const char* use;
};

constexpr std::array kComponents = {
    Component{"Salient", "Apache-2.0", "engine, kernels and command line"},
    Component{"CLI11", "BSD-3-Clause", "command line flags"},
    Component{"nlohmann/json", "MIT", "JSON"},
    Component{"PCRE2", "BSD-3-Clause", "split patterns of tokenizers"},
    Component{"SentencePiece", "Apache-2.0", "SentencePiece tokenizers"},
    Component{"utf8proc", "MIT", "Unicode normalization"},
    Component{"Qt 6", "LGPL-3.0-only", "salient-workbench only"},
    Component{"Qt Charts", "GPL-3.0-only", "salient-workbench only, hence distributed under GPLv3"},
};

}  // namespace

Command add_licenses(CLI::App& root) {
  CLI::App* app =
      root.add_subcommand("licenses", "The components of this program and their licences");
  return {
      app, [](const Context&, Terminal& terminal) {
        nlohmann::ordered_json json = nlohmann::ordered_json::array();
        for (const Component& component : kComponents) {
          json.push_back(
              {{"name", component.name}, {"licence", component.licence}, {"use", component.use}});
          if (!terminal.json()) {
            terminal.print(std::string(component.name) + "  " + component.licence + "  " +
                           component.use);
          }
        }
        if (terminal.json()) terminal.print_json(json);
      }};
}

}  // namespace salient::app
