// SPDX-License-Identifier: Apache-2.0
// The command line. Parses flags, runs one subcommand, and turns what can go wrong into one
// sentence on stderr and an exit status: 0 ok, 1 failure, 2 bad input or usage, 3 unsupported
// model, 4 out of resources, 130 cancelled.

#include <atomic>
#include <csignal>
#include <cstdio>
#include <new>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/cli/command.h"
#include "app/cli/nearest.h"
#include "engine/backend/device_error.h"
#include "engine/error.h"

namespace {

using salient::app::Command;
using salient::app::Context;

int exit_status(salient::ErrorKind kind) {
  switch (kind) {
    case salient::ErrorKind::Failure:
      return 1;
    case salient::ErrorKind::BadInput:
      return 2;
    case salient::ErrorKind::Unsupported:
      return 3;
    case salient::ErrorKind::Resources:
      return 4;
    case salient::ErrorKind::Cancelled:
      return 130;
  }
  return 1;
}

int fail(int status, const std::string& sentence) {
  const std::string line = "salient: " + salient::app::printable(sentence) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
  return status;
}

/// Waits for SIGINT and SIGTERM on a thread of its own, so that a request to stop is an ordinary
/// function call: signal handlers may do next to nothing. A second signal ends the process.
class SignalWatch {
 public:
  SignalWatch() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    thread_ = std::thread([this] { watch(); });
  }
  ~SignalWatch() {
    done_ = true;
    pthread_kill(thread_.native_handle(), SIGUSR1);
    thread_.join();
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;
  std::stop_token token() const { return source_.get_token(); }

 private:
  void watch() {
    while (true) {
      int signal = 0;
      sigwait(&signals_, &signal);
      if (done_) return;
      if (signal == SIGUSR1) continue;
      if (source_.stop_requested()) std::_Exit(130);
      source_.request_stop();
    }
  }

  sigset_t signals_{};
  std::stop_source source_;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

std::vector<Command> add_commands(CLI::App& root) {
  using namespace salient::app;
  return {add_info(root),     add_configs(root), add_plan(root),     add_quantize(root),
          add_inspect(root),  add_report(root),  add_export(root),   add_eval(root),
          add_chat(root),     add_bench(root),   add_synth(root),    add_logits(root),
          add_tokenize(root), add_doctor(root),  add_licenses(root), add_completion(root)};
}

std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
    for (const std::string& name : option->get_snames()) words.push_back("-" + name);
  }
  for (const CLI::App* sub : app.get_subcommands({})) words.push_back(sub->get_name());
  return words;
}

const CLI::App& deepest(const CLI::App& root) {
  const auto chosen = root.get_subcommands();
  return chosen.empty() ? root : *chosen.front();
}

/// A usage error with the nearest known flag or subcommand.
int usage_error(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App& app = deepest(root);
  std::string sentence = error.what();
  // A word that nobody knows is left with the root, and is told before what it made missing.
  for (const std::string& word : root.remaining(true)) {
    std::vector<std::string> known = known_words(app);
    if (&app != &root && word.starts_with("-")) {
      for (const std::string& global : known_words(root)) known.push_back(global);
    }
    const std::string guess = salient::app::nearest(word.substr(0, word.find('=')), known);
    sentence = "unknown " + std::string(word.starts_with("-") ? "flag " : "word ") + word;
    if (!guess.empty()) sentence += "; did you mean " + guess + "?";
    break;
  }
  return fail(
      2, sentence + " (see salient " + (&app == &root ? "" : app.get_name() + " ") + "--help)");
}

int run(const std::vector<Command>& commands, const Context& context) {
  for (const Command& command : commands) {
    if (!command.app->parsed()) continue;
    salient::app::Terminal terminal(context.globals.json ? salient::app::Output::Json
                                                         : salient::app::Output::Text);
    command.work(context, terminal);
    return 0;
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  // A limit on file sizes is answered like a full disk, not by the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  CLI::App root("Quantize language models with AWQ, look at why it works, and talk to the result.",
                "salient");
  root.set_version_flag("--version", "salient " SALIENT_VERSION);
  root.require_subcommand(1);
  root.fallthrough();
  Context context;
  context.arguments.assign(argv, argv + argc);
  root.add_flag("--json", context.globals.json, "print the result as JSON");
  root.add_option("-t,--threads", context.globals.device.threads, "worker threads, 0: one per core")
      ->check(CLI::Range(0, 1024));
  root.add_option("--device", context.globals.device.name, "cpu, cuda or cuda:N")
      ->capture_default_str();
  root.add_option_function<std::string>(
      "--device-memory",
      [&context](const std::string& text) {
        context.globals.device.memory_limit = salient::parse_memory(text);
      },
      "at most so much of the GPU's memory: 8g");
  try {
    const std::vector<Command> commands = add_commands(root);
    try {
      root.parse(argc, argv);
    } catch (const CLI::Success& success) {
      return root.exit(success);
    } catch (const CLI::ParseError& error) {
      return usage_error(root, error);
    }
    const SignalWatch signals;
    context.stop = signals.token();
    return run(commands, context);
  } catch (const salient::Error& error) {
    return fail(exit_status(error.kind()), error.what());
  } catch (const std::bad_alloc&) {
    return fail(4, "out of memory; close other programs or use fewer calibration samples");
  } catch (const std::exception& error) {
    if (const auto fault = salient::device_fault(error)) {
      return fail(exit_status(fault->error.kind()), fault->error.what());
    }
    return fail(1, error.what());
  }
}
