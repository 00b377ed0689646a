// SPDX-License-Identifier: Apache-2.0
// salient report OUT -o FILE: the run as one HTML file with its charts inside.

#include "app/cli/command.h"
#include "app/cli/result_file.h"
#include "engine/job/run_energy.h"
#include "engine/report/html_report.h"

namespace salient::app {
namespace {

struct Flags {
  std::filesystem::path folder, out;
  bool overwrite = false;
};

void run(const Flags& flags, Terminal& terminal) {
  RunRecord record = open_run_record(flags.folder);
  record.summary.loudest_input = loudest_input(record, BlockOptions().salient_share);
  const std::string html = html_report(record.summary);
  if (flags.out.empty()) return terminal.stream(html);
  write_result_file(flags.out, html,
                    flags.overwrite ? ExistingFile::Replace : ExistingFile::Refuse);
  if (terminal.json()) {
    terminal.print_json({{"file", flags.out.string()}, {"bytes", html.size()}});
  } else {
    terminal.print("wrote " + flags.out.string());
  }
}

}  // namespace

Command add_report(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("report", "One HTML file of a run, charts inside");
  app->add_option("OUT", flags->folder, "a folder that salient quantize wrote")->required();
  app->add_option("-o,--output", flags->out, "the HTML file; without it stdout");
  app->add_flag("-f,--overwrite", flags->overwrite, "replace the file");
  return {app, [flags](const Context&, Terminal& terminal) { run(*flags, terminal); }};
}

}  // namespace salient::app
