// SPDX-License-Identifier: Apache-2.0
#include <QAccessible>
#include <QApplication>
#include <QEnterEvent>
#include <QFontDatabase>
#include <QFontMetricsF>
#include <QHBoxLayout>
#include <QMenu>
#include <QPushButton>
#include <QRadioButton>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>

#include "ui/style/accent_button.h"
#include "ui/style/caption_label.h"
#include "ui/style/chip_label.h"
#include "ui/style/color_table.h"
#include "ui/style/elided_label.h"
#include "ui/style/figure_block.h"
#include "ui/style/icons.h"
#include "ui/style/motion.h"
#include "ui/style/palette.h"
#include "ui/style/prefix_combo_box.h"
#include "ui/style/progress_strip.h"
#include "ui/style/segmented_control.h"
#include "ui/style/theme.h"
#include "ui/style/typography.h"
#include "ui/style/view_header.h"

using namespace salient::ui;

class StyleTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void initTestCase() { applyTheme(*qApp, {}); }

  void text_reads_on_every_ground_in_both_themes() {
    for (const Theme theme : {Theme::Light, Theme::Dark}) {
      const Palette& p = themePalette(theme);
      for (const QColor& ground : {p.window, p.surface, p.raised}) {
        for (const QColor& words : {p.text, p.secondary, p.accent, p.fp16, p.rtn, p.awq, p.positive,
                                    p.warning, p.danger}) {
          QVERIFY2(contrastRatio(words, ground) >= 4.5, qPrintable(words.name() + ground.name()));
        }
        for (const QColor& line : {p.axis, p.ghost, p.border, p.fp16Mid, p.awqMid, p.rtnMid}) {
          QVERIFY2(contrastRatio(line, ground) >= 2.95, qPrintable(line.name() + ground.name()));
        }
      }
      QVERIFY(contrastRatio(p.positive, p.positiveTint) >= 4.5);
      QVERIFY(contrastRatio(p.warning, p.warningTint) >= 4.5);
      QVERIFY(contrastRatio(p.danger, p.dangerTint) >= 4.5);
      QVERIFY(contrastRatio(p.onAccent, p.accent) >= 4.5);
      QVERIFY(contrastRatio(p.secondary, p.sunken) >= 4.5);
    }
  }

  void hovering_fades_in_80_ms_and_not_at_all_under_reduced_motion() {
    QPushButton button(QStringLiteral("Export"));
    const auto come = [&](QEvent::Type type) {
      QEvent leave(QEvent::Leave);
      QEnterEvent enter(QPointF(1, 1), QPointF(1, 1), QPointF(1, 1));
      QCoreApplication::sendEvent(&button, type == QEvent::Enter ? &enter : &leave);
    };
    QCOMPARE(motionDuration(Motion::Hover), 80);
    QCOMPARE(motionDuration(Motion::Collapse), 120);
    come(QEvent::Enter);
    QVERIFY(hoverShare(&button, true) < 1);
    QTRY_COMPARE_WITH_TIMEOUT(hoverShare(&button, true), 1.0, 500);
    setReducedMotion(true);
    QCOMPARE(motionDuration(Motion::Hover), 0);
    QCOMPARE(motionDuration(Motion::Collapse), 0);
    come(QEvent::Leave);
    QCOMPARE(hoverShare(&button, false), 0.0);
    setReducedMotion(false);
  }

  void a_long_name_gives_way_in_its_middle_and_is_told_whole() {
    const QString name = QStringLiteral("a-very-long-model-name-of-many-words-Instruct-v0.3");
    ElidedLabel label(textFont(TextRole::Headline));
    label.setWords(name);
    label.resize(200, 40);
    label.show();
    QVERIFY(label.text().contains(QChar(0x2026)));
    QVERIFY(label.text().startsWith(QLatin1Char('a')) && label.text().endsWith(QLatin1Char('3')));
    QCOMPARE(label.toolTip(), name);
    QCOMPARE(label.accessibleName(), name);
    label.resize(4000, 40);
    QCOMPARE(label.text(), name);
    QVERIFY(label.toolTip().isEmpty());
  }

  void contrast_of_black_on_white_is_21() {
    QVERIFY(qAbs(contrastRatio(Qt::black, Qt::white) - 21) < 1e-9);
    QCOMPARE(contrastRatio(Qt::red, Qt::red), 1.0);
  }

  void more_always_stands_further_from_the_window() {
    const ColorTable& light = colorTable(ColorScale::Sequential, Theme::Light);
    const ColorTable& dark = colorTable(ColorScale::Sequential, Theme::Dark);
    for (std::size_t i = 1; i < light.size(); ++i) {
      QVERIFY(oklabLightness(light[i]) < oklabLightness(light[i - 1]) + 1e-3);
      QVERIFY(oklabLightness(dark[i]) > oklabLightness(dark[i - 1]) - 1e-3);
    }
    QCOMPARE(light.front(), qRgb(0xF2, 0xF8, 0xF1));
    QCOMPARE(light.back(), qRgb(0x1B, 0x1F, 0x33));
    QCOMPARE(dark.front(), light.back());
  }

  void steps_of_the_sequential_table_are_even() {
    const ColorTable& table = colorTable(ColorScale::Sequential, Theme::Light);
    const double whole = oklabLightness(table.front()) - oklabLightness(table.back());
    for (std::size_t i = 0; i + 32 < table.size(); i += 32) {
      const double step = oklabLightness(table[i]) - oklabLightness(table[i + 32]);
      QVERIFY(qAbs(step - whole * 32 / 255) < whole * 0.02);
    }
  }

  void diverging_halves_leave_the_middle_monotonically() {
    for (const Theme theme : {Theme::Light, Theme::Dark}) {
      const ColorTable& table = colorTable(ColorScale::Diverging, theme);
      const double sign = theme == Theme::Light ? 1 : -1;
      for (std::size_t i = 1; i < 128; ++i) {
        QVERIFY(sign * (oklabLightness(table[i]) - oklabLightness(table[i - 1])) > -2e-3);
        QVERIFY(sign * (oklabLightness(table[128 + i]) - oklabLightness(table[127 + i])) < 2e-3);
      }
    }
  }

  void values_outside_the_scale_take_its_ends() {
    const ColorTable& table = colorTable(ColorScale::Sequential, Theme::Light);
    QCOMPARE(colorAt(table, -1), table.front());
    QCOMPARE(colorAt(table, qQNaN()), table.front());
    QCOMPARE(colorAt(table, 7), table.back());
  }

  void theme_follows_the_palette() {
    QWidget widget;
    widget.setPalette(qtPalette(Theme::Dark));
    QCOMPARE(themeOf(widget), Theme::Dark);
    QCOMPARE(paletteOf(widget).accent, themePalette(Theme::Dark).accent);
    widget.setPalette(qtPalette(Theme::Light));
    QCOMPARE(themeOf(widget), Theme::Light);
  }

  void digits_share_one_width() {
    const QFont font = textFont(TextRole::Caption);
    QCOMPARE(figuresWidth(font, QStringLiteral("1111")),
             figuresWidth(font, QStringLiteral("0000")));
    QCOMPARE(figuresWidth(font, QStringLiteral("1.9e-3")),
             figuresWidth(font, QStringLiteral("4.7e-8")));
  }

  void sizes_follow_the_font_setting() {
    const double before = textFont(TextRole::Figure).pointSizeF();
    applyTheme(*qApp, {Theme::Light, 1.5});
    QVERIFY(qAbs(textFont(TextRole::Figure).pointSizeF() - 1.5 * before) < 0.01);
    applyTheme(*qApp, {});
    if (QFontDatabase::families().contains(QStringLiteral("Inter"))) {
      QCOMPARE(QApplication::font().family(), QStringLiteral("Inter"));
      QVERIFY(qAbs(textFont(TextRole::Body).pointSizeF() - 9.75) < 0.01);
    }
  }

  void every_icon_has_a_picture() {
    for (int i = 0; i <= static_cast<int>(IconName::Warning); ++i) {
      const QImage image = iconPixmap(static_cast<IconName>(i), Qt::black, 16, 2).toImage();
      QCOMPARE(image.width(), 32);
      bool inked = false;
      for (int y = 0; y < 32 && !inked; ++y) {
        for (int x = 0; x < 32 && !inked; ++x) inked = qAlpha(image.pixel(x, y)) > 128;
      }
      QVERIFY2(inked, qPrintable(QString::number(i)));
    }
  }

  void captions_treat_markup_as_words() {
    const CaptionLabel label(QStringLiteral("**15** of <b>1 536</b> &amp; more"));
    QCOMPARE(label.plainText(), QStringLiteral("15 of <b>1 536</b> &amp; more"));
    QCOMPARE(label.accessibleName(), label.plainText());
  }

  void captions_wrap_at_their_width() {
    const CaptionLabel label(QStringLiteral("All **210** linears gained: **1.6×** less error"));
    const int line = label.heightForWidth(2000);
    QCOMPARE(label.heightForWidth(120) % line, 0);
    QVERIFY(label.heightForWidth(120) >= 3 * line);
  }

  void segments_move_by_arrow_keys_and_are_radio_buttons() {
    SegmentedControl control({QStringLiteral("2"), QStringLiteral("3"), QStringLiteral("4")});
    control.setAccessibleName(QStringLiteral("Bits"));
    control.show();
    QVERIFY(QTest::qWaitForWindowExposed(&control));
    QSignalSpy changed(&control, &SegmentedControl::currentChanged);
    auto* first = control.findChildren<QRadioButton*>().constFirst();
    first->setFocus(Qt::TabFocusReason);
    QTest::keyClick(first, Qt::Key_Right);
    QCOMPARE(control.currentIndex(), 1);
    QCOMPARE(changed.count(), 1);
    QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(first);
    QCOMPARE(spoken->role(), QAccessible::RadioButton);
    QVERIFY(spoken->text(QAccessible::Name).contains(QStringLiteral("Bits")));
  }

  void segments_take_clicks() {
    SegmentedControl control({QStringLiteral("Index"), QStringLiteral("Sorted")});
    QSignalSpy activated(&control, &SegmentedControl::activated);
    control.setCurrentIndex(0);
    QTest::mouseClick(control.findChildren<QRadioButton*>().at(1), Qt::LeftButton);
    QCOMPARE(control.currentIndex(), 1);
    QCOMPARE(activated.count(), 1);
  }

  void keyboard_focus_is_ringed_and_mouse_focus_is_not() {
    QWidget window;
    auto* row = new QHBoxLayout(&window);
    auto* button = new AccentButton(QStringLiteral("Export…"));
    auto* other = new QPushButton(QStringLiteral("Pause"));
    row->addWidget(button);
    row->addWidget(other);
    window.show();
    QVERIFY(QTest::qWaitForWindowActive(&window));
    const auto ringed = [&] {
      for (QWidget* child : window.findChildren<QWidget*>()) {
        if (child->inherits("QFocusFrame") && child->isVisible()) return true;
      }
      return false;
    };
    other->setFocus(Qt::MouseFocusReason);
    QVERIFY(!ringed());
    button->setFocus(Qt::TabFocusReason);
    QVERIFY(ringed());
  }

  void controls_say_their_names() {
    ChipLabel chip(ChipKind::Warning, QStringLiteral("Partly supported"));
    QCOMPARE(chip.accessibleName(), QStringLiteral("Partly supported"));
    QVERIFY(!chip.accessibleDescription().isEmpty());
    FigureBlock figure(QStringLiteral("salient error"));
    figure.setFigure(QStringLiteral("0.32×"));
    QCOMPARE(figure.accessibleDescription(), QStringLiteral("0.32×"));
    PrefixComboBox combo(QStringLiteral("Preset"));
    QCOMPARE(combo.accessibleName(), QStringLiteral("Preset"));
    ProgressStrip strip;
    strip.setFraction(0.63);
    QCOMPARE(strip.value(), 630);
    QVERIFY(!strip.accessibleName().isEmpty());
  }

  void view_header_shows_its_menu_only_when_it_has_one() {
    ViewHeader header(QStringLiteral("Channels"));
    auto* more = header.findChild<QToolButton*>();
    QVERIFY(more->isHidden());
    header.menu().addAction(QStringLiteral("Copy"));
    QVERIFY(!more->isHidden());
    QCOMPARE(more->accessibleName(), QStringLiteral("Channels menu"));
    header.setReadout(QStringLiteral("channel **7**"));
    QCOMPARE(header.readout(), QStringLiteral("channel 7"));
  }

  void control_heights_are_the_designs() {
    QCOMPARE(QPushButton(QStringLiteral("Pause")).sizeHint().height(), 28);
    AccentButton run(QStringLiteral("Quantize"));
    setControlHeight(run, 36);
    QCOMPARE(run.sizeHint().height(), 36);
    QCOMPARE(PrefixComboBox(QStringLiteral("Bits")).sizeHint().height(), 28);
  }
};

QTEST_MAIN(StyleTest)
#include "style_test.moc"
