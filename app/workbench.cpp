// SPDX-License-Identifier: Apache-2.0
// main of salient-workbench: reads the command line, makes engine thread, session and window, and
// shows them. With --screenshots it drives itself over a model and leaves pictures.
#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QFileInfo>
#include <QLocale>
#include <QSettings>
#include <QStandardPaths>
#include <csignal>
#include <cstdio>

#include "app/resources.h"
#include "app/workbench_script.h"
#include "engine/backend/device_request.h"
#include "engine/checkpoint/hugging_face_cache.h"
#include "ui/bridge/engine_thread.h"
#include "ui/bridge/inbox_pump.h"
#include "ui/models/session.h"
#include "ui/panes/main_window.h"
#include "ui/style/motion.h"
#include "ui/style/system_theme.h"
#include "ui/style/theme.h"

namespace {

using namespace salient;
using namespace salient::ui;

struct Arguments {
  QString path, madeFrom, screenshots, script, runs;
  std::optional<Theme> theme;
  QSize size{1440, 900};
  int threads = 0;
  std::string device = "cpu";
  std::int64_t deviceMemory = 0;
};

Arguments parse(const QApplication& application) {
  QCommandLineParser parser;
  parser.setApplicationDescription(
      QStringLiteral("A workbench for activation-aware weight quantization."));
  parser.addHelpOption();
  parser.addVersionOption();
  parser.addPositionalArgument(QStringLiteral("path"),
                               QStringLiteral("A model folder, a .gguf file or a finished run."),
                               QStringLiteral("[PATH]"));
  const auto option = [&](const char* name, const char* text, const char* value) {
    QString key = QLatin1String(name);
    parser.addOption({key, QLatin1String(text), QLatin1String(value)});
    return key;
  };
  const QString theme = option("theme", "light or dark; else the desktop's.", "THEME");
  const QString size = option("size", "Window size, for example 1440x900.", "WxH");
  const QString shots = option("screenshots", "Drive the window and save pictures.", "DIR");
  const QString script = option("script", "What to drive: run or chat.", "SCRIPT");
  const QString from = option("made-from", "The model that a finished run was made from.", "PATH");
  const QString runs = option("runs", "Where runs go.", "DIR");
  const QString threads = option("threads", "Threads of the engine.", "N");
  const QString device = option("device", "cpu, cuda or cuda:N.", "DEVICE");
  const QString memory =
      option("device-memory", "At most so much of the GPU's memory: 8g.", "SIZE");
  parser.process(application);
  Arguments arguments;
  arguments.path = parser.positionalArguments().value(0);
  arguments.madeFrom = parser.value(from);
  arguments.screenshots = parser.value(shots);
  arguments.script = parser.isSet(script) ? parser.value(script) : QStringLiteral("run");
  arguments.runs = parser.value(runs);
  arguments.threads = parser.value(threads).toInt();
  if (parser.isSet(device)) arguments.device = parser.value(device).toStdString();
  if (parser.isSet(memory)) {
    arguments.deviceMemory = parse_memory(parser.value(memory).toStdString());
  }
  if (parser.isSet(theme)) {
    arguments.theme = parser.value(theme) == QStringLiteral("dark") ? Theme::Dark : Theme::Light;
  }
  const QStringList sides = parser.value(size).split(QLatin1Char('x'));
  if (sides.size() == 2) arguments.size = QSize(sides[0].toInt(), sides[1].toInt());
  return arguments;
}

std::filesystem::path demo_model() {
  const QString cache = QStandardPaths::writableLocation(QStandardPaths::GenericCacheLocation);
  const QDir folder(cache + QStringLiteral("/salient"));
  const QString name = QStringLiteral("SmolLM2-135M-Instruct.Q4_1.gguf");
  return QFileInfo::exists(folder.filePath(name)) ? folder.filePath(name).toStdString()
                                                  : std::string();
}

BundledTexts bundled_texts(const Arguments& arguments) {
  BundledTexts texts;
  try {
    texts.calibration = app::bundled_text("calibration");
    texts.evaluation = app::bundled_text("evaluation");
    texts.evaluationName = "bundled text";
    texts.toy = app::toy_checkpoint();
  } catch (const Error& error) {
    std::fprintf(stderr, "salient-workbench: %s\n", error.what());
  }
  texts.demo = demo_model();
  const QString runs =
      arguments.runs.isEmpty() ? QDir::home().filePath(QStringLiteral("Salient")) : arguments.runs;
  QDir().mkpath(runs);
  texts.runsFolder = runs.toStdString();
  return texts;
}

std::filesystem::path hub_folder() {
  const auto variable = [](const char* name) { return qEnvironmentVariable(name).toStdString(); };
  return hugging_face_hub_folder(variable("HF_HUB_CACHE"), variable("HF_HOME"),
                                 QDir::homePath().toStdString());
}

}  // namespace

int main(int argc, char** argv) {
  // A limit on file sizes is answered like a full disk, not by the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
  QApplication application(argc, argv);
  QCoreApplication::setApplicationName(QStringLiteral("salient-workbench"));
  QCoreApplication::setApplicationVersion(QStringLiteral(SALIENT_VERSION));
  QCoreApplication::setOrganizationName(QStringLiteral("Salient"));
  QLocale::setDefault(QLocale::c());
  Arguments arguments;
  try {
    arguments = parse(application);
  } catch (const Error& error) {
    std::fprintf(stderr, "salient-workbench: %s\n", error.what());
    return 2;
  }
  const bool driven = !arguments.screenshots.isEmpty();
  if (driven) QDir().mkpath(arguments.screenshots);
  // A driven window neither reads nor leaves traces in the person's own settings.
  const QString ini = driven ? QDir(arguments.screenshots).filePath(QStringLiteral(".settings.ini"))
                             : QStandardPaths::writableLocation(QStandardPaths::AppConfigLocation) +
                                   QStringLiteral("/workbench.ini");
  QSettings settings(ini, QSettings::IniFormat);
  const QString saved = settings.value(QStringLiteral("theme")).toString();
  Theme theme = SystemTheme::read();
  if (!saved.isEmpty()) theme = saved == QStringLiteral("dark") ? Theme::Dark : Theme::Light;
  theme = arguments.theme.value_or(driven ? Theme::Light : theme);
  const double font_scale = settings.value(QStringLiteral("fontScale"), 1.0).toDouble();
  applyTheme(application, {theme, font_scale});
  setReducedMotion(driven || SystemTheme::readReducedMotion());

  const auto inbox = std::make_shared<Inbox>();
  EngineThreadOptions options;
  options.threads = arguments.threads;
  options.deviceMemory = arguments.deviceMemory;
  EngineThread engine(inbox, options);
  Session session(engine, bundled_texts(arguments));
  InboxPump pump(inbox);
  QObject::connect(&pump, &InboxPump::delivered, &session, &Session::take);
  MainWindow window(session, settings);
  QObject::connect(&window, &MainWindow::themeWanted, &application, [&](Theme wanted) {
    settings.setValue(QStringLiteral("theme"), wanted == Theme::Dark ? "dark" : "light");
    applyTheme(application, {wanted, font_scale});
  });
  // Until the person chooses, the window goes along with the desktop.
  SystemTheme desktop;
  QObject::connect(&desktop, &SystemTheme::changed, &application, [&](Theme wanted) {
    const bool chosen = arguments.theme || settings.contains(QStringLiteral("theme"));
    if (!chosen && !driven) applyTheme(application, {wanted, font_scale});
  });
  if (driven || arguments.size != QSize(1440, 900)) window.resize(arguments.size);
  window.show();
  session.listDevices();
  // Chosen once the window is there: a GPU that cannot be used is told in it, and the CPU goes on.
  if (arguments.device != "cpu") session.chooseDevice(arguments.device);
  if (!driven) session.scanCache(hub_folder());
  if (!arguments.path.isEmpty()) {
    const QString path = QFileInfo(arguments.path).absoluteFilePath();
    const QString from =
        arguments.madeFrom.isEmpty() ? QString() : QFileInfo(arguments.madeFrom).absoluteFilePath();
    if (from.isEmpty()) {
      window.open(path);
    } else {
      session.open(path.toStdString(), {from.toStdString()});
    }
  }
  std::unique_ptr<app::WorkbenchScript> script;
  if (driven) {
    script = std::make_unique<app::WorkbenchScript>(
        window, session,
        app::ScriptOptions{arguments.screenshots, theme, font_scale,
                           arguments.script == QStringLiteral("chat")});
  }
  const int status = QApplication::exec();
  if (driven) QFile::remove(ini);
  return status;
}
