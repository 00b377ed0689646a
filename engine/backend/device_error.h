// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a GPU's failure means to a user. Kernels throw the driver's error; the places that turn
// exceptions into sentences (app, engine/job, ui/bridge) ask here first.
//
// An allocation that fails hurts nobody: the work is told, or goes on in smaller pieces. After a
// lost device (a fault inside a kernel, the card gone) the driver refuses this process everything,
// and only a new process can use the card again. So nothing that matters lives on the device alone:
// a run keeps every finished block in its journal, the window keeps its work in the host's memory,
// goes on with the CPU, and the same run resumed by the next process gives the same bytes.

#include <exception>
#include <optional>

#include "engine/error.h"

namespace salient {

struct DeviceFault {
  Error error;        ///< Resources, with a sentence
  bool lost = false;  ///< this process cannot use the device any more
};

/// Nothing when the exception is not a device's.
std::optional<DeviceFault> device_fault(const std::exception& exception);

}  // namespace salient
