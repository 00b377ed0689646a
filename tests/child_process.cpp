// SPDX-License-Identifier: Apache-2.0
#include "tests/child_process.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace salient::tests {
namespace {

/// A file without a name: a stream of any length that never makes the other side wait.
class Stream {
 public:
  Stream() : file_(std::tmpfile()) {
    if (file_ == nullptr) throw std::runtime_error("no temporary file can be made");
  }
  ~Stream() { std::fclose(file_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  int descriptor() const { return fileno(file_); }
  void put(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), file_);
    std::rewind(file_);
  }
  std::string text() {
    std::string text;
    std::rewind(file_);
    char piece[4096];
    for (std::size_t got = 0; (got = std::fread(piece, 1, sizeof piece, file_)) > 0;) {
      text.append(piece, got);
    }
    return text;
  }

 private:
  std::FILE* file_;
};

[[noreturn]] void become(const std::vector<std::string>& arguments, const ChildSettings& settings) {
  std::vector<char*> words;
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  for (const std::string& entry : settings.environment) putenv(const_cast<char*>(entry.c_str()));
  alarm(static_cast<unsigned>(settings.seconds));
  execv(words[0], words.data());
  _exit(127);
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& arguments, const ChildSettings& settings) {
  Stream in;
  Stream out;
  Stream err;
  in.put(settings.input);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no process can be started");
  if (child == 0) {
    dup2(in.descriptor(), STDIN_FILENO);
    dup2(out.descriptor(), STDOUT_FILENO);
    dup2(err.descriptor(), STDERR_FILENO);
    become(arguments, settings);
  }
  if (settings.interrupt_milliseconds > 0) {
    usleep(static_cast<useconds_t>(settings.interrupt_milliseconds) * 1000);
    kill(child, SIGINT);
  }
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child) throw std::runtime_error("the process is lost");
  ChildResult result;
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  result.out = out.text();
  result.err = err.text();
  result.processor_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  result.peak_mebibytes = static_cast<std::size_t>(usage.ru_maxrss) / 1024;  // Linux counts KiB.
  return result;
}

}  // namespace salient::tests
