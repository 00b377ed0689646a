// SPDX-License-Identifier: Apache-2.0
// salient completion bash|zsh|fish: a completion script made from the flags that the program really
// has.

#include <algorithm>

#include "app/cli/command.h"

namespace salient::app {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& root) {
  std::vector<const CLI::App*> commands;
  for (const CLI::App* sub : root.get_subcommands({})) commands.push_back(sub);
  return commands;
}

/// Without positionals.
std::vector<const CLI::Option*> flags_of(const CLI::App& app) {
  std::vector<const CLI::Option*> flags;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_lnames().empty()) flags.push_back(option);
  }
  return flags;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

std::string words_of(const CLI::App& app) {
  std::string words;
  for (const CLI::Option* option : flags_of(app)) words += "--" + option->get_lnames()[0] + " ";
  return words;
}

/// `text` with a backslash before every character of `special`, and nothing that ends a line.
std::string guarded(const std::string& text, std::string_view special) {
  std::string safe;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) safe += '\\';
    safe += c == '\n' ? ' ' : c;
  }
  return safe;
}

/// `text` between single quotes, for zsh: a quote inside is closed, escaped, and opened again.
std::string zsh_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string fish_quoted(const std::string& text) {
  return "'" + guarded(text, "\\'") + "'";
}

std::string bash_script(const CLI::App& root) {
  std::string names;
  std::string cases;
  for (const CLI::App* sub : commands_of(root)) {
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

/// One argument of zsh's _arguments: '(-o --output)'{-o,--output}'[the folder to
/// write]:value:_files'
std::string zsh_flag(const CLI::Option& option) {
  const std::string rest = zsh_quoted("[" + guarded(option.get_description(), "[]:\\") + "]" +
                                      (takes_value(option) ? ":value:_files" : ""));
  const std::string name = "--" + option.get_lnames()[0];
  if (option.get_snames().empty()) return name + rest;
  const std::string short_name = "-" + option.get_snames()[0];
  return zsh_quoted("(" + short_name + " " + name + ")") + "{" + short_name + "," + name + "}" +
         rest;
}

std::string zsh_script(const CLI::App& root) {
  std::string commands;
  std::string cases;
  for (const CLI::App* sub : commands_of(root)) {
    commands +=
        "    " + zsh_quoted(sub->get_name() + ":" + guarded(sub->get_description(), ":")) + "\n";
    cases += "    " + sub->get_name() + ") flags=(";
    for (const CLI::App* app : {sub, &root}) {
      for (const CLI::Option* option : flags_of(*app)) {
        if (app == &root && option->get_lnames()[0] == "help") continue;
        cases += "\n      " + zsh_flag(*option);
      }
    }
    cases += ") ;;\n";
  }
  return "#compdef salient\n"
         "_salient() {\n"
         "  local -a commands flags\n"
         "  commands=(\n" +
         commands +
         "  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe command commands\n"
         "    return\n"
         "  fi\n"
         "  case $words[2] in\n" +
         cases +
         "  esac\n"
         "  shift words\n"
         "  (( CURRENT-- ))\n"
         "  _arguments -s $flags '*:file:_files'\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _salient ]; then\n"
         "  _salient \"$@\"\n"
         "else\n"
         "  compdef _salient salient\n"
         "fi\n";
}

std::string fish_flag(const CLI::Option& option) {
  std::string line = " -l " + option.get_lnames()[0];
  if (!option.get_snames().empty()) line += " -s " + option.get_snames()[0];
  if (takes_value(option)) line += " -r";
  return line + " -d " + fish_quoted(option.get_description()) + "\n";
}

std::string fish_script(const CLI::App& root) {
  std::string script;
  for (const CLI::Option* option : flags_of(root))
    script += "complete -c salient" + fish_flag(*option);
  for (const CLI::App* sub : commands_of(root)) {
    script += "complete -c salient -n __fish_use_subcommand -f -a " + sub->get_name() + " -d " +
              fish_quoted(sub->get_description()) + "\n";
    for (const CLI::Option* option : flags_of(*sub)) {
      if (option->get_lnames()[0] == "help") continue;
      script += "complete -c salient -n '__fish_seen_subcommand_from " + sub->get_name() + "'" +
                fish_flag(*option);
    }
  }
  return script;
}

}  // namespace

Command add_completion(CLI::App& root) {
  auto shell = std::make_shared<std::string>("bash");
  CLI::App* app = root.add_subcommand("completion", "Print a shell completion script");
  app->add_option("SHELL", *shell, "bash, zsh or fish")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return {app, [shell, &root](const Context&, Terminal& terminal) {
            terminal.stream(*shell == "zsh"    ? zsh_script(root)
                            : *shell == "fish" ? fish_script(root)
                                               : bash_script(root));
          }};
}

}  // namespace salient::app
