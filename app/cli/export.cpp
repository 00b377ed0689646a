// SPDX-License-Identifier: Apache-2.0
// salient export OUT --format FORMAT -o DIR: another form of a published run.

#include "engine/export/export.h"

#include "app/cli/command.h"
#include "engine/error.h"
#include "engine/job/run_record.h"
#include "engine/report/numbers.h"

namespace salient::app {
namespace {

struct Flags {
  std::filesystem::path folder, out, source;
  std::string format;
  bool overwrite = false;
};

void run(const Flags& flags, const Context& context, Terminal& terminal) {
  const auto format = find_export_format(flags.format);
  if (!format) {
    throw Error(ErrorKind::BadInput,
                "--format is '" + flags.format + "', it has to be " + export_format_keys());
  }
  export_run(flags.folder, *format, flags.out,
             flags.overwrite ? ExistingTarget::Replace : ExistingTarget::Refuse, flags.source,
             context.stop, [&](const std::string& step, double share) {
               terminal.progress(step + " " + format_percent(share));
             });
  if (terminal.json()) {
    terminal.print_json({{"output", flags.out.string()}, {"format", flags.format}});
  } else {
    terminal.print("wrote " + flags.out.string() + " as " + flags.format);
  }
}

}  // namespace

Command add_export(CLI::App& root) {
  auto flags = std::make_shared<Flags>();
  CLI::App* app = root.add_subcommand("export", "Write a finished run in another format");
  app->add_option("OUT", flags->folder, "a folder that salient quantize wrote")->required();
  app->add_option("--format", flags->format, export_format_keys())->required();
  app->add_option("-o,--output", flags->out, "the folder to write")->required();
  app->add_option("--source", flags->source,
                  "the model the run was made from (fp16 and bf16 need it)");
  app->add_flag("-f,--overwrite", flags->overwrite, "replace DIR once the new one is whole");
  return {app,
          [flags](const Context& context, Terminal& terminal) { run(*flags, context, terminal); }};
}

}  // namespace salient::app
