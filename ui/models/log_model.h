// SPDX-License-Identifier: Apache-2.0
#pragma once

// What happened, one line each with its time, newest last; bounded.

#include <QAbstractListModel>
#include <QTime>
#include <deque>

namespace salient::ui {

enum class LogKind { Note, Warning, Error };

class LogModel : public QAbstractListModel {
  Q_OBJECT
 public:
  static constexpr int kLines = 5000;
  enum Role { KindRole = Qt::UserRole, TimeRole };

  using QAbstractListModel::QAbstractListModel;

  void add(LogKind kind, const QString& text);
  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  /// Every line with its time, for copying.
  QString text() const;

 private:
  struct Line {
    QTime time;
    LogKind kind = LogKind::Note;
    QString text;
  };
  static QString format(const Line& line);
  std::deque<Line> lines_;
};

}  // namespace salient::ui
