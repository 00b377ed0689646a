// SPDX-License-Identifier: Apache-2.0
#pragma once

// Models and runs opened lately, newest first, kept in the settings file. A row carries two lines
// of text that were true when it was last seen and the map as small as a stamp.

#include <QAbstractListModel>
#include <QDateTime>
#include <vector>

class QSettings;

namespace salient::ui {

enum class RecentStage { Opened, Unfinished, Finished };

struct RecentEntry {
  QString source;  ///< what was opened
  QString target;  ///< where the run went, empty when only opened
  QString name;    ///< "SmolLM2-135M-Instruct"
  QString scheme;  ///< "4-bit g64"
  RecentStage stage = RecentStage::Opened;
  QDateTime when;
  QString knobs;             ///< knobsText of the run, empty when only opened
  QString detail;            ///< "KL to FP16 0.166, 0.15× the error of RTN"
  int blocks = 0;            ///< rows of the stamp
  std::vector<float> cells;  ///< error cut per block and role, NaN where nothing is known
};

class RecentsModel : public QAbstractListModel {
  Q_OBJECT
 public:
  static constexpr int kEntries = 8;
  enum Role { EntryRole = Qt::UserRole };

  /// `settings` must outlive the model.
  explicit RecentsModel(QSettings& settings, QObject* parent = nullptr);

  const std::vector<RecentEntry>& entries() const { return entries_; }
  /// Puts the entry first, replacing the one of the same run, and that of the source alone.
  void remember(const RecentEntry& entry);
  void forget(int row);

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

 private:
  void load();
  void save() const;

  QSettings& settings_;
  std::vector<RecentEntry> entries_;
};

}  // namespace salient::ui
