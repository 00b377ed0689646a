// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one exception type of the engine, caught once at the boundary (app/, ui/bridge). Its text is
// one sentence that names the file, tensor or key, what was found against what is allowed, and what
// to do. `ErrorKind` decides the exit status of the command line.

#include <stdexcept>
#include <string>

namespace salient {

enum class ErrorKind {
  Failure,      ///< something went wrong while working: exit 1
  BadInput,     ///< a file, key or option is wrong: exit 2
  Unsupported,  ///< well-formed, but a model or format we do not know: exit 3
  Resources,    ///< memory or disk would not suffice: exit 4
  Cancelled,    ///< the user asked: exit 130
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& sentence) : std::runtime_error(sentence), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace salient
