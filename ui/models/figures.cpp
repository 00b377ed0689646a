// SPDX-License-Identifier: Apache-2.0
#include "ui/models/figures.h"

#include <algorithm>
#include <cmath>

#include "engine/report/numbers.h"

namespace salient::ui::figures {
namespace {

QString text(const std::string& utf8) {
  return QString::fromStdString(utf8);
}

}  // namespace

QString count(std::int64_t value) {
  return text(format_count(value));
}
QString bytes(std::int64_t value) {
  return text(format_bytes(static_cast<double>(value)));
}
QString parameters(std::uint64_t value) {
  return text(format_parameters(value));
}
QString times(double factor) {
  return text(format_factor(factor));
}
QString percent(double share) {
  return text(format_percent(share));
}
QString loss(double value) {
  return text(format_loss(value));
}
QString significant(double value) {
  return text(format_significant(value, 3));
}
QString seconds(double value) {
  return text(format_seconds(value));
}
QString clock(double value) {
  return text(format_clock(value));
}
QString rate(double tokensPerSecond) {
  return text(format_rate(tokensPerSecond));
}

QString durationRange(double low, double high) {
  const auto range = [](double from, double to, const char* unit) {
    const auto first = std::max<std::int64_t>(1, std::llround(from));
    const auto last = std::max(first, static_cast<std::int64_t>(std::ceil(to)));
    return first == last
               ? QStringLiteral("%1 %2").arg(first).arg(QLatin1String(unit))
               : QStringLiteral("%1 to %2 %3").arg(first).arg(last).arg(QLatin1String(unit));
  };
  if (high < 100) return range(low, high, "s");
  if (high < 120.0 * 60) return range(low / 60, high / 60, "min");
  return range(low / 3600, high / 3600, "h");
}

QString shape(std::int64_t rows, std::int64_t columns) {
  return count(rows) + QStringLiteral(" × ") + count(columns);
}

QString roleName(const Plan& plan, LinearRole role) {
  const Architecture* architecture = find_architecture(plan.config.model_type);
  std::string name(short_name(role));
  if (architecture != nullptr && architecture->has(role)) {
    const LinearRow& row = architecture->row(role);
    const bool own = row.rows == RowLayout::Own;
    name = own ? std::string(row.tensor) : std::string(row.tensor) + "." + name;
  }
  return QString::fromStdString(name);
}

QString linearName(const Plan& plan, const LinearId& id) {
  return QStringLiteral("block %1 %2").arg(id.block).arg(roleName(plan, id.role));
}

}  // namespace salient::ui::figures
