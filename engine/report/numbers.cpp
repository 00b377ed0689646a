// SPDX-License-Identifier: Apache-2.0
#include "engine/report/numbers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace salient {
namespace {

constexpr const char* kThinSpace = "\u202F";

/// Fixed notation by to_chars: no locale can change it.
std::string fixed(double value, int decimals) {
  std::array<char, 64> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                    std::chars_format::fixed, std::max(decimals, 0));
  return {buffer.data(), result.ptr};
}

int decimals_for(double value, int digits) {
  const double size = std::abs(value);
  if (size == 0) return 0;
  const int magnitude = static_cast<int>(std::floor(std::log10(size)));
  // Rounding can carry into another digit: 9.996 has three significant digits as "10.0".
  const double carried = std::round(size * std::pow(10.0, digits - 1 - magnitude));
  const bool carries = carried >= std::pow(10.0, digits);
  return digits - 1 - magnitude - (carries ? 1 : 0);
}

std::string with_unit(double value, const char* unit) {
  return format_significant(value, 3) + " " + unit;
}

/// Sizes below one unit keep two decimals: 0.94 GB stands beside 1.21 GB.
std::string size_with_unit(double value, const char* unit) {
  return (value < 0.995 ? fixed(value, 2) : format_significant(value, 3)) + " " + unit;
}

std::string two_digits(std::int64_t value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

}  // namespace

std::string format_count(std::int64_t count) {
  const bool negative = count < 0;
  std::string digits = std::to_string(negative ? -count : count);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<std::size_t>(i), kThinSpace);
  }
  return negative ? "-" + digits : digits;
}

std::string format_significant(double value, int digits) {
  if (!std::isfinite(value)) return value > 0 ? "∞" : (value < 0 ? "-∞" : "–");
  const int decimals = decimals_for(value, digits);
  if (decimals > 0) return fixed(value, decimals);
  return format_count(static_cast<std::int64_t>(std::llround(value)));
}

std::string format_bytes(double bytes) {
  // A unit is left a little early (0.94 GB rather than 940 MB) so that sizes side by side compare.
  if (bytes >= 0.9e9) return size_with_unit(bytes / 1e9, "GB");
  if (bytes >= 0.9e6) return size_with_unit(bytes / 1e6, "MB");
  if (bytes >= 0.9e3) return size_with_unit(bytes / 1e3, "kB");
  return format_count(static_cast<std::int64_t>(bytes)) + " B";
}

std::string format_rate(double tokens_per_second) {
  return with_unit(tokens_per_second, "tok/s");
}

std::string format_bandwidth(double bytes_per_second) {
  return with_unit(bytes_per_second / 1e9, "GB/s");
}

std::string format_factor(double factor) {
  return format_significant(factor, factor < 100 ? 2 : 3) + "×";
}

std::string format_percent(double share) {
  const double percent = share * 100;
  if (percent != 0 && std::abs(percent) < 0.1) return format_significant(percent, 1) + " %";
  return fixed(percent, std::abs(percent) < 9.95 && percent != 0 ? 1 : 0) + " %";
}

std::string format_loss(double loss) {
  if (!std::isfinite(loss) || loss == 0 || std::abs(loss) >= 0.01) {
    return format_significant(loss, 3);
  }
  int exponent = static_cast<int>(std::floor(std::log10(std::abs(loss))));
  double mantissa = loss / std::pow(10.0, exponent);
  if (std::abs(mantissa) >= 9.95) {
    mantissa /= 10;
    ++exponent;
  }
  return fixed(mantissa, 1) + "e" + std::to_string(exponent);
}

std::string format_alpha(double alpha) {
  return fixed(alpha, 2);
}

std::string format_with_error(double value, double error) {
  const int decimals = error > 0 ? std::max(decimals_for(error, 1), 0) : decimals_for(value, 3);
  return fixed(value, decimals) + " ± " + fixed(error, decimals);
}

std::string format_clock(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(std::max(seconds, 0.0)));
  const std::int64_t minutes = whole / 60;
  if (minutes < 60) return std::to_string(minutes) + ":" + two_digits(whole % 60);
  return std::to_string(minutes / 60) + ":" + two_digits(minutes % 60) + ":" +
         two_digits(whole % 60);
}

std::string format_seconds(double seconds) {
  if (seconds < 0.9995) return format_significant(seconds * 1e3, 2) + " ms";
  if (seconds < 99.95) return format_significant(seconds, 2) + " s";
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

std::string format_parameters(std::uint64_t count) {
  const auto value = static_cast<double>(count);
  if (value >= 0.9995e9) return with_unit(value / 1e9, "B");
  if (value >= 0.9995e6) return fixed(value / 1e6, 1) + " M";
  return format_count(static_cast<std::int64_t>(count));
}

}  // namespace salient
