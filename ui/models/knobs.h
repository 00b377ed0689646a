// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything a person can turn before or after a run, as one value. Changing it is undoable (see
// KnobSettings); turning it into what the engine runs is `jobOptions`.

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "engine/job/job.h"

namespace salient::ui {

/// What differs for one linear. α belongs to its scale group; the whole group carries it.
struct LinearKnobs {
  std::optional<double> alpha;
  std::optional<int> bits;
  bool keepFp16 = false;
  bool operator==(const LinearKnobs&) const = default;
  bool empty() const { return *this == LinearKnobs{}; }
};

struct CalibrationChoice {
  std::filesystem::path text;  ///< empty: the bundled text
  std::int64_t samples = 64;
  std::int64_t seqLen = 512;
  bool operator==(const CalibrationChoice&) const = default;
};

struct Knobs {
  QuantScheme scheme{4, 64, Symmetry::Asymmetric};
  Method method = Method::Awq;
  ClipMode clip = ClipMode::Search;
  CalibrationChoice calibration;
  std::map<LinearId, LinearKnobs> linears;
  double salientShare = 0.01;
  bool operator==(const Knobs&) const = default;

  LinearKnobs of(const LinearId& id) const;
};

enum class Preset { Small, Balanced, Careful, Own };
inline constexpr std::array kPresets = {Preset::Small, Preset::Balanced, Preset::Careful};

Preset presetOf(const Knobs& knobs);
/// The preset's bits on `knobs`; `groupSize` is what divides the model's inputs.
Knobs withPreset(Knobs knobs, Preset preset, std::int64_t groupSize);

/// The knobs that a finished run was made with.
Knobs knobsOf(const Plan& plan);

/// What the knobs mean for one linear.
LinearSettings settingsFor(const Knobs& knobs, const LinearId& id);

/// The linears that share s with `id`, itself included.
std::vector<LinearId> scaleGroup(const Plan& plan, const LinearId& id);

struct JobPlaces {
  std::filesystem::path source, target;
  std::string defaultCalibrationText;
};
/// `plan` may be null before a model is open: per-linear knobs are left out then.
JobOptions jobOptions(const Knobs& knobs, const JobPlaces& places, const Plan* plan);

/// The `salient quantize` call that does the same.
std::string commandLine(const JobOptions& options);

}  // namespace salient::ui
