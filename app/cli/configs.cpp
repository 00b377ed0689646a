// SPDX-License-Identifier: Apache-2.0
// salient configs PATH...: which models can be opened, told from their config.json alone.

#include <algorithm>

#include "app/cli/command.h"
#include "engine/checkpoint/config_verdict.h"

namespace salient::app {
namespace {

struct Flags {
  std::vector<std::filesystem::path> paths;
};

/// The folder's name where the file has none of its own.
std::string title_of(const std::filesystem::path& file) {
  constexpr std::string_view kConfig = "config.json";
  const std::string name = file.filename().string();
  if (name == kConfig) return file.parent_path().filename().string();
  const std::string end = "." + std::string(kConfig);
  return name.ends_with(end) ? name.substr(0, name.size() - end.size()) : name;
}

void print_table(const std::vector<ConfigVerdict>& verdicts, Terminal& terminal) {
  std::size_t width = 0;
  for (const ConfigVerdict& verdict : verdicts) {
    width = std::max(width, title_of(verdict.file).size());
  }
  for (const ConfigVerdict& verdict : verdicts) {
    std::string title = title_of(verdict.file);
    title.resize(width, ' ');
    terminal.print((verdict.supported ? "yes  " : "no   ") + printable(title) + "  " +
                   printable(verdict.text));
  }
  const auto supported = std::ranges::count_if(
      verdicts, [](const ConfigVerdict& verdict) { return verdict.supported; });
  terminal.print(std::to_string(supported) + " of " + std::to_string(verdicts.size()) +
                 " supported");
}

nlohmann::ordered_json as_json(const std::vector<ConfigVerdict>& verdicts) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ConfigVerdict& verdict : verdicts) {
    list.push_back({{"file", verdict.file.string()},
                    {"model_type", verdict.model_type},
                    {"supported", verdict.supported},
                    {verdict.supported ? "family" : "reason", verdict.text}});
  }
  return list;
}

}  // namespace

Command add_configs(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("configs", "Which models can be opened, by their configs");
  app->add_option("PATH", flags->paths, "config.json files, or folders of them")->required();
  return {app, [flags](const Context&, Terminal& terminal) {
            std::vector<ConfigVerdict> verdicts;
            for (const std::filesystem::path& path : flags->paths) {
              for (const std::filesystem::path& file : configs_below(path)) {
                verdicts.push_back(verdict_of_config(file));
              }
            }
            if (terminal.json()) return terminal.print_json(as_json(verdicts));
            print_table(verdicts, terminal);
          }};
}

}  // namespace salient::app
