// SPDX-License-Identifier: Apache-2.0
// One model's answer as running text with its tokens marked: where the two models part, the token
// under the pointer, and (in lock-step) what this model would have picked, printed above the token.
// Streams: what stands in finished lines is never laid out again, so a token costs the same at the
// end of a long answer as at its start.
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
  double doubt = 0;      // KL over its peak, 0 to 1: the largest are underlined
};

enum class AnswerLook { Compact, Spacious };  // Quantize layout; Chat layout
// Whether other picks are printed between the lines; the same for both sides of a turn, so that
// their lines stand beside each other.
enum class LineRoom { Text, Picks };

class AnswerView : public QWidget {
  Q_OBJECT

 public:
  AnswerView(ModelTone tone, AnswerLook look, QWidget* parent = nullptr);

  void setTokens(std::vector<AnswerToken> tokens);
  void setLineRoom(LineRoom room);
  // What stands there while nothing has been said.
  void setPlaceholder(const QString& text);
  void setCurrentToken(int token);
  int currentToken() const { return current_; }
  QString text() const { return text_; }
  // Where a token stands; empty when there is none of that number.
  QRectF tokenRect(int token) const;
  // Lines laid out since this view was made: what a test counts.
  int linesLaidOut() const { return linesLaidOut_; }

  bool hasHeightForWidth() const override { return true; }
  int heightForWidth(int width) const override;
  QSize sizeHint() const override;
  QSize minimumSizeHint() const override { return {120, 2 * lineHeight()}; }

 Q_SIGNALS:
  void tokenHovered(int token);
  void tokenSelected(int token);
  void focused();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void focusInEvent(QFocusEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void changeEvent(QEvent* event) override;

 private:
  // Some lines of one paragraph, with a layout of their own.
  struct Block {
    int start = 0;   // in the shown text
    int length = 0;  // with the line end
    int firstLine = 0;
    int lines = 0;
    std::unique_ptr<QTextLayout> layout;
  };

  // Where the shown text ends; a model's last line ends are no empty lines.
  int shownEnd() const;
  const QString& shownText() const { return text_.isEmpty() ? placeholder_ : text_; }
  int lineHeight() const;
  void layOut(double width) const;
  Block layOutBlock(int start, int firstLine) const;
  void forgetFrom(int position);
  QVector<QTextLayout::FormatRange> formats(int start, int end) const;
  const Block* blockAt(int position) const;
  const Block* blockOfLine(int line) const;
  int lineCount() const;
  int tokenOf(int position) const;
  int tokenAt(const QPointF& position) const;
  bool isMuted() const;
  void paintGrounds(QPainter& painter) const;
  void paintMarks(QPainter& painter, int firstToken, int lastToken) const;
  void paintPick(QPainter& painter, const AnswerToken& token, const QRectF& box,
                 double& taken) const;

  ModelTone tone_;
  AnswerLook look_;
  LineRoom room_ = LineRoom::Text;
  std::vector<AnswerToken> tokens_;
  std::vector<int> starts_;  // of each token in text_, one more at the end
  QString text_;
  QString placeholder_;
  int current_ = -1;
  int firstDifference_ = -1;
  mutable std::vector<Block> blocks_;
  mutable double laidOutWidth_ = -1;
  mutable int linesLaidOut_ = 0;
};

}  // namespace salient::ui
