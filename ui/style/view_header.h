// SPDX-License-Identifier: Apache-2.0
// The head of every view: title with a secondary subtitle, tools and the ⋯ menu at the right, and
// under them the caption sentence with the readout at its fixed place.
#pragma once

#include <QWidget>

class QHBoxLayout;
class QLabel;
class QMenu;
class QToolButton;

namespace salient::ui {

class CaptionLabel;

class ViewHeader : public QWidget {
  Q_OBJECT

 public:
  explicit ViewHeader(const QString& title, QWidget* parent = nullptr);

  void setTitle(const QString& title);
  void setSubtitle(const QString& subtitle);
  // Both take **bold** marks for their live numbers.
  void setCaption(const QString& markedText);
  void setReadout(const QString& markedText);
  QString caption() const;
  QString readout() const;
  // Adds a control of title height left of the ⋯ button; the header owns it from then on.
  void addTool(QWidget* tool);
  // The view's own menu; its ⋯ button appears with the first call.
  QMenu& menu();

 private:
  QLabel* title_;
  QLabel* subtitle_;
  CaptionLabel* caption_;
  CaptionLabel* readout_;
  QHBoxLayout* tools_;
  QToolButton* more_;
};

// The ⋯ button of a view with its menu, for views that lay out their title row themselves.
QToolButton* makeMoreButton(const QString& title);

}  // namespace salient::ui
