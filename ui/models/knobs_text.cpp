// SPDX-License-Identifier: Apache-2.0
#include "ui/models/knobs_text.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>

namespace salient::ui {
namespace {

constexpr int kMostSamples = 1 << 20;

QJsonObject linearObject(const LinearId& id, const LinearKnobs& own) {
  QJsonObject object{{QStringLiteral("block"), static_cast<qint64>(id.block)},
                     {QStringLiteral("role"), static_cast<int>(index_of(id.role))}};
  if (own.alpha) object.insert(QStringLiteral("alpha"), *own.alpha);
  if (own.bits) object.insert(QStringLiteral("bits"), *own.bits);
  if (own.keepFp16) object.insert(QStringLiteral("keep"), true);
  return object;
}

bool readLinear(const QJsonObject& object, Knobs& knobs) {
  const int role = object.value(QStringLiteral("role")).toInt(-1);
  if (role < 0 || role >= static_cast<int>(kLinearRoles.size())) return false;
  LinearKnobs own;
  const QJsonValue alpha = object.value(QStringLiteral("alpha"));
  const QJsonValue bits = object.value(QStringLiteral("bits"));
  if (alpha.isDouble()) own.alpha = std::clamp(alpha.toDouble(), 0.0, 1.0);
  if (bits.isDouble()) own.bits = bits.toInt();
  own.keepFp16 = object.value(QStringLiteral("keep")).toBool();
  const auto block = static_cast<std::int64_t>(object.value(QStringLiteral("block")).toInt());
  knobs.linears[{block, kLinearRoles[static_cast<std::size_t>(role)]}] = own;
  return true;
}

}  // namespace

QString knobsText(const Knobs& knobs) {
  QJsonArray linears;
  for (const auto& [id, own] : knobs.linears) linears.append(linearObject(id, own));
  const QJsonObject object{
      {QStringLiteral("bits"), knobs.scheme.bits},
      {QStringLiteral("group"), static_cast<qint64>(knobs.scheme.group_size)},
      {QStringLiteral("symmetric"), knobs.scheme.symmetry == Symmetry::Symmetric},
      {QStringLiteral("awq"), knobs.method == Method::Awq},
      {QStringLiteral("clip"), knobs.clip == ClipMode::Search},
      {QStringLiteral("text"), QString::fromStdString(knobs.calibration.text.string())},
      {QStringLiteral("samples"), static_cast<qint64>(knobs.calibration.samples)},
      {QStringLiteral("tokens"), static_cast<qint64>(knobs.calibration.seqLen)},
      {QStringLiteral("linears"), linears}};
  return QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact));
}

std::optional<Knobs> readKnobsText(const QString& text) {
  const QJsonObject object = QJsonDocument::fromJson(text.toUtf8()).object();
  const auto number = [&](const char* key) {
    return std::clamp(object.value(QLatin1String(key)).toInt(-1), -1, kMostSamples);
  };
  const auto truth = [&](const char* key) { return object.value(QLatin1String(key)).toBool(); };
  Knobs knobs;
  knobs.scheme = {number("bits"), number("group"),
                  truth("symmetric") ? Symmetry::Symmetric : Symmetry::Asymmetric};
  const bool known =
      number("bits") > 0 && number("group") >= 0 && number("samples") > 0 && number("tokens") > 0;
  if (!known) return std::nullopt;
  knobs.method = truth("awq") ? Method::Awq : Method::Rtn;
  knobs.clip = truth("clip") ? ClipMode::Search : ClipMode::Off;
  knobs.calibration = {object.value(QStringLiteral("text")).toString().toStdString(),
                       number("samples"), number("tokens")};
  for (const QJsonValue& linear : object.value(QStringLiteral("linears")).toArray()) {
    if (!readLinear(linear.toObject(), knobs)) return std::nullopt;
  }
  return knobs;
}

}  // namespace salient::ui
