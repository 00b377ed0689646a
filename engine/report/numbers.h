// SPDX-License-Identifier: Apache-2.0
#pragma once

// Numbers to text: the only place that decides digits, units and spaces, for window, command line
// and report alike. Three significant digits; decimal units; thousands apart by U+202F; never a
// locale.

#include <cstdint>
#include <string>

namespace salient {

std::string format_count(std::int64_t count);               ///< "1 536"
std::string format_significant(double value, int digits);   ///< "41.3", "0.166", "252"
std::string format_bytes(double bytes);                     ///< "114 MB", "0.94 GB", "7.5 kB"
std::string format_rate(double tokens_per_second);          ///< "41.3 tok/s"
std::string format_bandwidth(double bytes_per_second);      ///< "20.1 GB/s"
std::string format_factor(double factor);                   ///< "2.7×", "252×"
std::string format_percent(double share);                   ///< "97 %", "7.4 %", "0.3 %"
std::string format_loss(double loss);                       ///< "1.9e-3" below 0.01, "0.166" above
std::string format_alpha(double alpha);                     ///< "0.60"
std::string format_with_error(double value, double error);  ///< "0.166 ± 0.003"
std::string format_clock(double seconds);                   ///< "0:34", "12:05", "1:02:05"
std::string format_seconds(double seconds);                 ///< "24 ms", "3.1 s", "2 min 5 s"
std::string format_parameters(std::uint64_t count);         ///< "134.5 M", "6.74 B"

}  // namespace salient
