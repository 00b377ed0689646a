// SPDX-License-Identifier: Apache-2.0
// One model's answer as running text with its tokens marked: where the two models part, the token
// under the pointer, and (in lock-step) what this model would have picked, printed above the token.
#pragma once

#include <QTextLayout>
#include <QWidget>
#include <memory>
#include <vector>

#include "ui/plots/model_tone.h"

namespace salient::ui {

struct AnswerToken {
  QString text;
  bool differs = false;  // the two models pick different tokens here
  QString otherPick;     // printed above, lock-step only
  double doubt = 0;      // 0 to 1: underlined more the larger (KL over its peak)
};

enum class AnswerLook { Compact, Spacious };  // Quantize layout; Chat layout

class AnswerView : public QWidget {
  Q_OBJECT

 public:
  AnswerView(ModelTone tone, AnswerLook look, QWidget* parent = nullptr);

  void setTokens(std::vector<AnswerToken> tokens);
  // What stands there while nothing has been said.
  void setPlaceholder(const QString& text);
  void setCurrentToken(int token);
  int currentToken() const { return current_; }
  QString text() const { return text_; }

  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override;
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {120, 2 * lineHeight()}; }

 Q_SIGNALS:
  void tokenHovered(int token);
  void tokenSelected(int token);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  int lineHeight() const;
  void layOut(QTextLayout& layout, double width) const;
  QVector<QTextLayout::FormatRange> formats() const;
  int tokenAt(const QPointF& position) const;
  QRectF tokenRect(int token) const;

  ModelTone tone_;
  AnswerLook look_;
  std::vector<AnswerToken> tokens_;
  std::vector<int> starts_;  // of each token in text_, one more at the end
  QString text_;
  QString placeholder_;
  int current_ = -1;
  int firstDifference_ = -1;
  mutable std::unique_ptr<QTextLayout> layout_;
  mutable double laidOutWidth_ = -1;
};

}  // namespace salient::ui
