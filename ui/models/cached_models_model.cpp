// SPDX-License-Identifier: Apache-2.0
#include "ui/models/cached_models_model.h"

#include "ui/models/figures.h"
#include "ui/style/plain_text.h"

namespace salient::ui {
namespace {

QString verdictText(const CachedModelFound& model) {
  const QString sentence = QString::fromStdString(model.sentence);
  switch (model.verdict) {
    case Verdict::Yes:
      return CachedModelsModel::tr("Yes, %1").arg(
          figures::durationRange(model.secondsLow, model.secondsHigh));
    case Verdict::Conditional:
      return CachedModelsModel::tr("Yes, %1").arg(sentence);
    case Verdict::No:
      return sentence;
  }
  return sentence;
}

QVariant alignmentOf(int column) {
  const bool number = column == CachedModelsModel::ParametersColumn ||
                      column == CachedModelsModel::TypeColumn ||
                      column == CachedModelsModel::SizeColumn;
  return QVariant(number ? (Qt::AlignRight | Qt::AlignVCenter)
                         : (Qt::AlignLeft | Qt::AlignVCenter));
}

}  // namespace

void CachedModelsModel::add(const CachedModelFound& found) {
  beginInsertRows({}, rowCount(), rowCount());
  models_.push_back(found);
  endInsertRows();
}

void CachedModelsModel::clear() {
  beginResetModel();
  models_.clear();
  endResetModel();
}

int CachedModelsModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(models_.size());
}

int CachedModelsModel::columnCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : ColumnCount;
}

QString CachedModelsModel::text(const CachedModelFound& model, int column) {
  switch (column) {
    case ModelColumn:
      return QString::fromStdString(model.name);
    case ParametersColumn:
      return model.parameters > 0 ? figures::parameters(model.parameters) : QString();
    case TypeColumn:
      return QString::fromStdString(model.type);
    case SizeColumn:
      return figures::bytes(model.bytes);
    case VerdictColumn:
      return verdictText(model);
    default:
      return {};
  }
}

QVariant CachedModelsModel::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const CachedModelFound& model = models_[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
      return text(model, index.column());
    case Qt::TextAlignmentRole:
      return alignmentOf(index.column());
    case Qt::ToolTipRole:
      return plainToolTip(QString::fromStdString(model.path.string()));
    case PathRole:
      return QString::fromStdString(model.path.string());
    case VerdictRole:
      return static_cast<int>(model.verdict);
    default:
      return {};
  }
}

QVariant CachedModelsModel::headerData(int section, Qt::Orientation orientation, int role) const {
  if (orientation != Qt::Horizontal) return {};
  if (role == Qt::TextAlignmentRole) return alignmentOf(section);
  if (role != Qt::DisplayRole) return {};
  static const std::array<QString, ColumnCount> kTitles = {
      tr("Model"), tr("Parameters"), tr("Type"), tr("Size"), tr("Can it be quantized here?")};
  if (section < 0 || section >= ColumnCount) return {};
  return kTitles[static_cast<std::size_t>(section)];
}

}  // namespace salient::ui
