// SPDX-License-Identifier: Apache-2.0
#pragma once

// Base of every pane: one view of the session with its title row, wired and nothing more. A pane
// redraws what a change touches, once per drain of the inbox.

#include <QWidget>

#include "ui/models/session.h"

class QVBoxLayout;

namespace salient::ui {

class PlotWidget;
class ViewHeader;

class Pane : public QWidget {
  Q_OBJECT
 public:
  Pane(Session& session, const QString& title, QWidget* parent);

  /// `changes` as the session said; kEverything to start with.
  virtual void refresh(Changes changes) = 0;
  /// Where F6 and Alt+number put the keyboard.
  virtual QWidget* firstStop() { return this; }

 protected:
  Session& session() { return session_; }
  ViewHeader& header() { return *header_; }
  QVBoxLayout& rows() { return *rows_; }
  /// The plot under the header; its export entries go into the header's menu.
  void addPlot(PlotWidget& plot, int stretch = 1);
  void setCaption(const QString& marked, PlotWidget* plot = nullptr);

 private:
  Session& session_;
  ViewHeader* header_;
  QVBoxLayout* rows_;
};

/// Table, copy, PNG, SVG and CSV of a plot, as entries of its menu.
void addExportEntries(QMenu& menu, PlotWidget& plot, const QString& name);
/// The same in a menu of its own, where several plots share one view.
void addExportMenu(QMenu& menu, PlotWidget& plot);

}  // namespace salient::ui
