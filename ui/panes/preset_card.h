// SPDX-License-Identifier: Apache-2.0
#pragma once

// One preset as a card to choose: its size, what share of FP16 that is, how long it takes, what it
// is good for. A radio button in every respect but its looks.

#include <QRadioButton>

namespace salient::ui {

struct PresetFacts {
  QString name;          ///< "Balanced"
  QString scheme;        ///< "4-bit, group 64"
  QString shortScheme;   ///< "4-bit g64"
  QString size;          ///< "114 MB"
  QString share;         ///< "42 % of FP16"
  QString shortShare;    ///< "42 %"
  QString time;          ///< "About 50 s"
  QString judgement;     ///< "What most people want."
  QString format;        ///< "Exports the AWQ format that serving engines load."
  double kept = 0;       ///< share of FP16 that stays FP16
  double quantized = 0;  ///< share of FP16 that the quantized linears take
};

class PresetCard : public QRadioButton {
  Q_OBJECT
 public:
  explicit PresetCard(QWidget* parent = nullptr);

  void setFacts(const PresetFacts& facts);
  QSize sizeHint() const override { return {320, 170}; }
  QSize minimumSizeHint() const override { return {190, 170}; }

 protected:
  void paintEvent(QPaintEvent* event) override;
  bool hitButton(const QPoint& position) const override;
  bool event(QEvent* event) override;

 private:
  PresetFacts facts_;
};

}  // namespace salient::ui
