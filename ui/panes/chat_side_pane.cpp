// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/chat_side_pane.h"

#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/models/figures.h"
#include "ui/panes/chat_texts.h"
#include "ui/plots/distance_plot.h"
#include "ui/plots/speed_plot.h"
#include "ui/style/accent_button.h"
#include "ui/style/caption_label.h"
#include "ui/style/metrics.h"
#include "ui/style/typography.h"
#include "ui/style/view_header.h"

namespace salient::ui {
namespace {

QLabel* titleLabel(const QString& text) {
  auto* label = new QLabel(text);
  label->setFont(textFont(TextRole::Body, Weight::Strong));
  return label;
}

}  // namespace

ChatSidePane::ChatSidePane(Session& session, QWidget* parent)
    : Pane(session, tr("Speed"), parent),
      speed_(new SpeedPlot),
      distanceTitle_(titleLabel(tr("Distance to FP16"))),
      distanceCaption_(new CaptionLabel),
      distance_(new DistancePlot) {
  setAccessibleName(tr("Speed, distance and sampling"));
  rows().addSpacing(metrics::kPlotGap);
  rows().addWidget(speed_);
  rows().addSpacing(metrics::kGrid);
  rows().addWidget(distanceTitle_);
  rows().addWidget(distanceCaption_);
  rows().addSpacing(6);
  rows().addWidget(distance_);
  rows().addSpacing(12);
  addSampling();
  rows().addStretch(1);
  addExportMenu(header().menu(), *speed_);
  addExportMenu(header().menu(), *distance_);
}

QWidget* ChatSidePane::firstStop() {
  return temperature_;
}

QDoubleSpinBox* ChatSidePane::addNumber(const QString& name, double low, double high, double step) {
  auto* line = new QHBoxLayout;
  auto* label = new QLabel(name);
  auto* box = new QDoubleSpinBox;
  box->setRange(low, high);
  box->setSingleStep(step);
  box->setDecimals(step < 1 ? 2 : 0);
  box->setAlignment(Qt::AlignRight);
  box->setFixedWidth(84);
  box->setButtonSymbols(QAbstractSpinBox::NoButtons);
  box->setAccessibleName(name);
  label->setBuddy(box);
  line->addWidget(label, 1);
  line->addWidget(box);
  rows().addLayout(line);
  rows().addSpacing(3);
  connect(box, &QDoubleSpinBox::editingFinished, this, &ChatSidePane::takeSampling);
  return box;
}

void ChatSidePane::addSampling() {
  rows().addWidget(titleLabel(tr("Sampling")));
  rows().addSpacing(6);
  temperature_ = addNumber(tr("Temperature"), 0, 4, 0.1);
  topK_ = addNumber(tr("Top-k"), 0, 1000, 1);
  topP_ = addNumber(tr("Top-p"), 0, 1, 0.05);
  minP_ = addNumber(tr("Min-p"), 0, 1, 0.05);
  penalty_ = addNumber(tr("Repetition penalty"), 1, 3, 0.05);
  seed_ = addNumber(tr("Seed"), 0, 1e9, 1);
  newTokens_ = addNumber(tr("New tokens"), 1, 4096, 1);
  rows().addSpacing(6);
  rows().addWidget(titleLabel(tr("System prompt")));
  rows().addSpacing(4);
  system_ = new QPlainTextEdit;
  system_->setFixedHeight(52);
  system_->setTabChangesFocus(true);
  system_->setAccessibleName(tr("System prompt"));
  system_->setPlaceholderText(tr("None"));
  rows().addWidget(system_);
  connect(system_, &QPlainTextEdit::textChanged, this,
          [this] { session().chat().setSystemPrompt(system_->toPlainText()); });
}

void ChatSidePane::takeSampling() {
  ChatOptions options = session().chat().options();
  options.sampling.temperature = temperature_->value();
  options.sampling.top_k = static_cast<std::int64_t>(topK_->value());
  options.sampling.top_p = topP_->value();
  options.sampling.min_p = minP_->value();
  options.sampling.repetition_penalty = penalty_->value();
  options.sampling.seed = static_cast<std::uint64_t>(seed_->value());
  options.max_new_tokens = static_cast<std::int64_t>(newTokens_->value());
  session().chat().setOptions(options);
}

SpeedBar ChatSidePane::speedOf(Side side) {
  const ChatControl& chat = session().chat();
  const ChatTurn* turn = chat.model().last();
  SpeedBar bar;
  bar.tone = side == Side::Left ? ModelTone::Fp16 : ModelTone::Awq;
  bar.name = side == Side::Left ? tr("FP16") : tr("AWQ");
  bar.figure = QStringLiteral("–");
  if (turn == nullptr || !turn->of(side).done) return bar;
  const ChatTurnDone& done = *turn->of(side).done;
  bar.tokensPerSecond = done.throughput.tokens_per_second();
  bar.firstTokenSeconds = done.first_token_seconds;
  bar.firstToken = tr("first token %1").arg(figures::seconds(done.first_token_seconds));
  if (bar.tokensPerSecond > 0) bar.figure = figures::rate(bar.tokensPerSecond);
  const double share = chat_texts::limitShare(turn, chat, side);
  if (share <= 0) return bar;
  bar.limit = bar.tokensPerSecond / share;
  bar.share = tr("%1 of read limit").arg(figures::percent(share));
  return bar;
}

void ChatSidePane::showSpeed() {
  const ChatControl& chat = session().chat();
  std::vector<SpeedBar> bars;
  for (const Side side : {Side::Left, Side::Right}) {
    if (!chat.alone() || chat.of(side)) bars.push_back(speedOf(side));
  }
  speed_->setBars(std::move(bars));
  QString caption = tr("Decoding reads every weight once.");
  if (chat.left() && chat.right()) {
    const double worth = static_cast<double>(chat.left()->memoryBytes) /
                         static_cast<double>(std::max<std::int64_t>(1, chat.right()->memoryBytes));
    caption = tr("Decoding reads every weight once, so %1 instead of %2 is worth **%3**.")
                  .arg(figures::bytes(chat.right()->memoryBytes),
                       figures::bytes(chat.left()->memoryBytes), figures::times(worth));
  }
  setCaption(caption, speed_);
}

void ChatSidePane::showDistance() {
  const EvaluationState& evaluation = session().evaluation();
  const bool known = evaluation.awq.has_value();
  distance_->setVisible(known);
  if (!known) {
    distanceCaption_->setText(
        evaluation.running
            ? tr("Scoring window %1 of %2.").arg(evaluation.done).arg(evaluation.total)
            : tr("Measured after the run on a short text."));
    return;
  }
  const Evaluation& awq = *evaluation.awq;
  std::vector<DistanceMark> kl, agreement, perplexity;
  const auto add = [](std::vector<DistanceMark>& marks, ModelTone tone, const QString& name,
                      double value) {
    marks.push_back({tone, name, value, figures::significant(value)});
  };
  add(perplexity, ModelTone::Fp16, tr("FP16"), awq.a.value);
  add(kl, ModelTone::Awq, tr("AWQ"), awq.kl_mean);
  add(agreement, ModelTone::Awq, tr("AWQ"), awq.top1_agreement * 100);
  if (awq.b) add(perplexity, ModelTone::Awq, tr("AWQ"), awq.b->value);
  QString caption = tr("KL to FP16 is **%1**").arg(figures::significant(awq.kl_mean));
  if (evaluation.rtn) {
    const Evaluation& rtn = *evaluation.rtn;
    add(kl, ModelTone::Rtn, tr("RTN"), rtn.kl_mean);
    add(agreement, ModelTone::Rtn, tr("RTN"), rtn.top1_agreement * 100);
    if (rtn.b) add(perplexity, ModelTone::Rtn, tr("RTN"), rtn.b->value);
    if (rtn.kl_mean > 0) {
      caption = tr("AWQ has **%1** of the KL of plain rounding")
                    .arg(figures::percent(awq.kl_mean / rtn.kl_mean));
    }
  }
  distanceCaption_->setText(caption + tr(", on **%1** windows of %2 tokens of %3.")
                                          .arg(awq.windows)
                                          .arg(awq.window)
                                          .arg(QString::fromStdString(awq.text_name)));
  distance_->setStrips({{tr("KL divergence"), tr("lower is better"), std::move(kl)},
                        {tr("Same top token, %"), tr("higher is better"), std::move(agreement)},
                        {tr("Perplexity"), tr("lower is better"), std::move(perplexity)}});
  distance_->setSummary(distanceCaption_->plainText());
}

void ChatSidePane::showSampling() {
  const ChatOptions& options = session().chat().options();
  const SamplingOptions& sampling = options.sampling;
  temperature_->setValue(sampling.temperature);
  topK_->setValue(static_cast<double>(sampling.top_k));
  topP_->setValue(sampling.top_p);
  minP_->setValue(sampling.min_p);
  penalty_->setValue(sampling.repetition_penalty);
  seed_->setValue(static_cast<double>(sampling.seed));
  newTokens_->setValue(static_cast<double>(options.max_new_tokens));
  // At temperature 0 the top token is taken: the rest has no say.
  for (QDoubleSpinBox* box : {topK_, topP_, minP_}) box->setEnabled(sampling.temperature > 0);
}

void ChatSidePane::refresh(Changes changes) {
  if (changes & (Change::Chat | Change::Plan)) {
    showSpeed();
    showSampling();
  }
  if (changes & (Change::Evaluation | Change::Plan)) showDistance();
}

}  // namespace salient::ui
