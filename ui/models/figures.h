// SPDX-License-Identifier: Apache-2.0
#pragma once

// engine/report's numbers as QString, and the few texts that only the window needs. All pure.

#include <QString>
#include <cstdint>

#include "engine/job/job.h"

namespace salient::ui::figures {

QString count(std::int64_t value);                         ///< "1 536"
QString bytes(std::int64_t value);                         ///< "114 MB", "0.94 GB"
QString parameters(std::uint64_t value);                   ///< "134.5 M"
QString times(double factor);                              ///< "2.7×"
QString percent(double share);                             ///< "97 %"
QString loss(double value);                                ///< "1.9e-3"
QString significant(double value);                         ///< "0.166"
QString seconds(double value);                             ///< "24 ms", "46 s"
QString clock(double value);                               ///< "0:34"
QString rate(double tokensPerSecond);                      ///< "41.3 tok/s"
QString durationRange(double low, double high);            ///< "40 to 70 s", "2 to 4 min"
QString shape(std::int64_t rows, std::int64_t columns);    ///< "576 × 1 536"
QString roleName(const Plan& plan, LinearRole role);       ///< "mlp.down_proj", as its row says
QString linearName(const Plan& plan, const LinearId& id);  ///< "block 28 mlp.down_proj"

}  // namespace salient::ui::figures
