// SPDX-License-Identifier: Apache-2.0
#include "ui/panes/sample_channels.h"

#include <QObject>
#include <array>

namespace salient::ui {
namespace {

/// Six channels a bar, the strongest of each.
constexpr std::array kBars = {
    0.473F, 1.6F,   1.14F,  0.573F, 1.21F,  0.806F, 0.475F, 3.7F,   0.874F, 0.559F, 0.665F, 0.845F,
    0.412F, 0.512F, 0.903F, 0.421F, 0.493F, 0.389F, 0.94F,  0.399F, 0.6F,   0.366F, 1.66F,  1.1F,
    0.375F, 0.551F, 0.654F, 0.425F, 1.35F,  0.527F, 0.443F, 0.549F, 0.409F, 0.649F, 0.886F, 1.02F,
    0.5F,   0.453F, 0.511F, 0.616F, 0.482F, 0.375F, 0.553F, 0.794F, 0.564F, 0.391F, 1.77F,  0.988F,
    1.8F,   0.768F, 0.454F, 0.485F, 0.611F, 0.372F, 0.646F, 1.99F,  0.381F, 1.22F,  0.62F,  0.41F,
    0.709F, 0.53F,  0.566F, 0.792F, 0.612F, 0.54F,  0.397F, 0.573F, 0.493F, 0.479F, 0.534F, 0.476F,
    0.512F, 0.513F, 0.606F, 1.46F,  0.684F, 0.501F, 0.479F, 0.452F, 0.992F, 0.629F, 0.583F, 0.429F,
    0.307F, 1.33F,  0.382F, 2.29F,  0.362F, 0.691F, 0.773F, 1.31F,  0.405F, 1.56F,  0.759F, 1.97F,
    0.543F, 0.863F, 0.505F, 0.424F, 0.625F, 0.539F, 0.509F, 0.438F, 12.1F,  0.621F, 0.606F, 0.478F,
    0.362F, 0.454F, 0.703F, 0.518F, 0.654F, 4.69F,  0.462F, 0.317F, 0.457F, 0.496F, 0.591F, 0.373F,
    0.421F, 0.392F, 0.647F, 1.03F,  3.17F,  0.379F, 0.527F, 0.606F, 0.739F, 0.808F, 0.756F, 0.608F,
    0.514F, 0.704F, 0.464F, 1.12F,  0.969F, 0.451F, 0.476F, 0.523F, 0.777F, 0.495F, 0.6F,   0.478F,
    0.41F,  0.451F, 0.457F, 0.317F, 1.32F,  0.675F, 0.395F, 0.566F, 2.57F,  0.371F, 0.438F, 0.687F,
    0.918F, 0.341F, 1.34F,  0.495F, 0.641F, 0.427F, 1.28F,  1.28F,  0.92F,  0.696F, 0.395F, 0.431F,
    0.362F, 0.552F, 0.401F, 0.588F, 1.01F,  0.635F, 0.657F, 0.439F, 0.439F, 0.766F, 0.68F,  11.7F,
    0.644F, 0.479F, 34.6F,  0.562F, 0.432F, 0.676F, 0.545F, 0.443F, 0.477F, 1.85F,  0.491F, 1.1F,
    0.541F, 0.546F, 0.389F, 0.487F, 0.516F, 0.626F, 0.905F, 0.588F, 1.55F,  1.45F,  0.493F, 0.393F,
    0.506F, 0.37F,  0.52F,  0.39F,  0.469F, 0.508F, 0.425F, 0.375F, 0.412F, 0.564F, 1.08F,  0.909F,
    0.443F, 0.397F, 0.704F, 1.42F,  0.333F, 4.17F,  0.334F, 0.558F, 0.493F, 1.01F,  0.884F, 0.769F,
    1.37F,  0.508F, 0.361F, 0.427F, 0.454F, 0.583F, 0.4F,   0.662F, 0.572F, 0.494F, 0.936F, 0.452F,
    0.587F, 0.39F,  1.73F,  0.914F, 0.456F, 0.466F, 0.39F,  0.589F, 0.322F, 0.679F, 1.03F,  0.821F,
    0.448F, 0.636F, 0.625F, 1.32F,
};

/// The 15th strongest of the 1 536.
constexpr float kTopOnePercent = 1.768F;

}  // namespace

std::span<const float> sampleChannels() {
  return kBars;
}

float sampleSalientLine() {
  return kTopOnePercent;
}

QString sampleClaim() {
  return QObject::tr("The strongest of 1 536 channels is 106× the median.");
}

QString sampleExplanation() {
  return QObject::tr(
      "The inputs of one layer of SmolLM2, mean |x|, log scale. AWQ protects the "
      "marked ones.");
}

}  // namespace salient::ui
