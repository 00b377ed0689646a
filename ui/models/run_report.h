// SPDX-License-Identifier: Apache-2.0
#pragma once

// The finished run of a session as the one-file HTML report.

#include <string>

#include "ui/models/session.h"

namespace salient::ui {

std::string runReport(Session& session);

}  // namespace salient::ui
