// SPDX-License-Identifier: Apache-2.0
#include "engine/job/calibration_text.h"

#include <algorithm>

#include "engine/checkpoint/file_source.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/sha256.h"
#include "engine/error.h"

namespace salient {
namespace {

std::string read_start(const FileSource& file) {
  std::string text(static_cast<std::size_t>(std::min(file.size(), kCalibrationTextBytes)), '\0');
  file.read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

/// A cut inside a character would be reported as an error of the file.
void drop_half_character(std::string& text) {
  constexpr std::size_t kLongest = 4;
  for (std::size_t i = 0; i < kLongest && !text.empty(); ++i) {
    const auto last = static_cast<unsigned char>(text.back());
    if (last < 0x80) return;
    text.pop_back();
    if (last >= 0xC0) return;
  }
}

}  // namespace

CalibrationText read_calibration_text(const JobOptions& options) {
  CalibrationText calibration;
  if (options.calibration_text.empty()) {
    calibration.name = "the default text";
    calibration.text = options.default_calibration_text;
  } else {
    const FileSource file(options.calibration_text);
    calibration.name = file.name();
    calibration.text = read_start(file);
    if (file.size() > kCalibrationTextBytes) {
      drop_half_character(calibration.text);
      calibration.warnings.push_back(calibration.name + ": only the first " +
                                     std::to_string(kCalibrationTextBytes >> 20U) +
                                     " MiB are used for calibration");
    }
  }
  if (calibration.text.empty()) {
    throw Error(ErrorKind::BadInput, calibration.name + ": is empty; calibration needs at least " +
                                         std::to_string(kMinCalibrationTokens) + " tokens");
  }
  if (const auto bad = find_invalid_utf8(calibration.text)) {
    const auto end = calibration.text.begin() + static_cast<std::ptrdiff_t>(*bad);
    const auto line = 1 + std::count(calibration.text.begin(), end, '\n');
    calibration.warnings.push_back(calibration.name + ": line " + std::to_string(line) +
                                   " is not UTF-8; such bytes are read as U+FFFD");
  }
  calibration.sha256 = sha256_hex(calibration.text);
  return calibration;
}

}  // namespace salient
