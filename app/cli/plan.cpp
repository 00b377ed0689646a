// SPDX-License-Identifier: Apache-2.0
// salient plan PATH: everything known before any work, and nothing written.

#include "app/cli/command.h"
#include "app/cli/job_flags.h"
#include "app/cli/plan_text.h"
#include "engine/checkpoint/checkpoint.h"

namespace salient::app {

Command add_plan(CLI::App& root) {
  auto flags = std::make_shared<JobFlags>();
  CLI::App* app =
      root.add_subcommand("plan", "Sizes, memory, disk and time of a run, before it starts");
  add_job_flags(*app, *flags);
  app->add_option("-o,--output", flags->target, "where the run would write");
  return {app, [flags](const Context& context, Terminal& terminal) {
            const auto backend = make_backend(context.globals.device);
            const auto checkpoint = open_checkpoint(flags->source);
            JobOptions options = to_job_options(*flags);
            // A plan without -o asks about the folder that the user stands in.
            if (options.target.empty()) options.target = "salient-plan";
            const Plan plan = make_plan(*backend, *checkpoint, options);
            if (terminal.json()) {
              terminal.print_json(plan_json(plan));
            } else {
              print_plan(plan, terminal);
            }
          }};
}

}  // namespace salient::app
