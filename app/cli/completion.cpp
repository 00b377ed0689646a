// SPDX-License-Identifier: Apache-2.0
// salient completion bash: a completion script made from the flags that the program really has.

#include "app/cli/command.h"

namespace salient::app {
namespace {

std::string words_of(const CLI::App& app) {
  std::string words;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
  }
  return words;
}

std::string bash_script(const CLI::App& root) {
  std::string names;
  std::string cases;
  for (const CLI::App* sub : root.get_subcommands({})) {
    names += sub->get_name() + " ";
    cases += "    " + sub->get_name() + ") words=\"" + words_of(*sub) + "\" ;;\n";
  }
  return "_salient() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" words=\"\"\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W \"" +
         names +
         "\" -- \"$current\"))\n"
         "    return\n"
         "  fi\n"
         "  case \"${COMP_WORDS[1]}\" in\n" +
         cases +
         "  esac\n"
         "  case \"$current\" in\n"
         "    -*) COMPREPLY=($(compgen -W \"$words " +
         words_of(root) +
         "\" -- \"$current\")) ;;\n"
         "    *) COMPREPLY=($(compgen -f -- \"$current\")) ;;\n"
         "  esac\n"
         "}\n"
         "complete -o filenames -F _salient salient\n";
}

}  // namespace

Command add_completion(CLI::App& root) {
  auto shell = std::make_shared<std::string>("bash");
  CLI::App* app = root.add_subcommand("completion", "Print a shell completion script");
  app->add_option("SHELL", *shell, "the shell")->check(CLI::IsMember({"bash"}));
  return {app, [shell, &root](const Context&, Terminal& terminal) {
            terminal.stream(bash_script(root));
          }};
}

}  // namespace salient::app
