// SPDX-License-Identifier: Apache-2.0
// Calibration and search on one CUDA card: every kernel on the shapes of one Llama-2-7B layer, then
// the layer as a run does it. Weights and activations are random, with outlier channels. Products
// are compared with cuBLAS in the same run, the rest with the bandwidth of reading.
//   cuda_search_bench [group size, 0 for the whole row] [bits] [7b | 70b]

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "kernels/cuda/clip_search.h"
#include "kernels/cuda/fold.h"
#include "kernels/cuda/gram.h"
#include "kernels/cuda/magnitude.h"
#include "kernels/cuda/quadratic_form.h"
#include "kernels/cuda/step_statistics.h"
#include "kernels/cuda/synthesis.h"
#include "tests/kernels/device_array.h"

namespace {

namespace cuda = salient::kernels::cuda;
template <class T>
using Array = salient::tests::DeviceArray<T>;

constexpr std::int64_t kCalibrationTokens = 65536;
constexpr std::int64_t kTokensPerCall = 8192;
constexpr std::int64_t kRowsInFlight = 16384;
constexpr int kCandidates = 20;
constexpr int kFineBins = 6144;

std::size_t size(std::int64_t rows, std::int64_t columns = 1) {
  return static_cast<std::size_t>(rows * columns);
}

/// Work of one measurement: operations, or bytes.
struct Work {
  double amount;
  const char* unit;  ///< "TFLOP/s" or "GB/s"
};
Work operations(double count) {
  return {count / 1e12, "TFLOP/s"};
}
Work bytes(double count) {
  return {count / 1e9, "GB/s"};
}

/// A stream with its cuBLAS handle, a stopwatch, and the rates that others are measured by.
class Bench {
 public:
  Bench() : workspace_(size(cuda::Matmul::kWorkspaceBytes)) {
    cuda::check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "stream");
    cuda::check(cudaEventCreate(&begin_), "event");
    cuda::check(cudaEventCreate(&end_), "event");
    matmul_ =
        std::make_unique<cuda::Matmul>(stream_, workspace_.data(), cuda::Matmul::kWorkspaceBytes);
  }
  ~Bench() {
    matmul_.reset();
    cudaEventDestroy(begin_);
    cudaEventDestroy(end_);
    cudaStreamDestroy(stream_);
  }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  cudaStream_t stream() const { return stream_; }
  cuda::Matmul& matmul() { return *matmul_; }

  /// Milliseconds, the median of five after one to warm up.
  double time(const std::function<void()>& body) {
    body();
    std::vector<float> times;
    for (int i = 0; i < 5; ++i) {
      cuda::check(cudaEventRecord(begin_, stream_), "event");
      body();
      cuda::check(cudaEventRecord(end_, stream_), "event");
      cuda::check(cudaEventSynchronize(end_), "event");
      float ms = 0;
      cuda::check(cudaEventElapsedTime(&ms, begin_, end_), "event");
      times.push_back(ms);
    }
    std::sort(times.begin(), times.end());
    return static_cast<double>(times[2]);
  }

  /// Prints one row; returns the milliseconds.
  double row(const char* name, const char* shape, Work work, const std::function<void()>& body) {
    const double ms = time(body);
    const double rate = work.amount / ms * 1e3;
    const bool product = std::string_view(work.unit) == "TFLOP/s";
    const double roof = product ? product_rate_ : copy_rate_;
    std::printf("| %-24s | %-18s | %8.3f | %7.0f %-7s | %5.0f %% |\n", name, shape, ms, rate,
                work.unit, roof > 0 ? 100 * rate / roof : 0.0);
    return ms;
  }

  void measure_roofs() {
    const std::int64_t n = 8192;
    Array<std::uint16_t> a(size(n, n)), b(size(n, n)), c(size(n, n));
    cuda::fill_normal_half(a.data(), n * n, {.seed = 1}, stream_);
    cuda::fill_normal_half(b.data(), n * n, {.seed = 2}, stream_);
    std::printf(
        "| what | shape | ms | rate | of cuBLAS half 8192, of copy |\n|---|---|---|---|---|\n");
    const double ms =
        row("cuBLAS half", "8192 x 8192 x 8192", operations(2.0 * std::pow(n, 3)), [&] {
          matmul_->product({.x = a.data(),
                            .w = b.data(),
                            .out = c.data(),
                            .m = n,
                            .n = n,
                            .k = n,
                            .out_number = cuda::Number::F16});
        });
    product_rate_ = 2.0 * std::pow(n, 3) / 1e12 / ms * 1e3;
    const std::size_t large = std::size_t{2} << 30;
    Array<unsigned char> from(large), to(large);
    const double copy = row("copy, read + write", "2 GiB", bytes(2.0 * double(large)), [&] {
      cuda::check(cudaMemcpyAsync(to.data(), from.data(), large, cudaMemcpyDeviceToDevice, stream_),
                  "copy");
    });
    copy_rate_ = 2.0 * static_cast<double>(large) / 1e9 / copy * 1e3;
  }

 private:
  Array<unsigned char> workspace_;
  cudaStream_t stream_ = nullptr;
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
  std::unique_ptr<cuda::Matmul> matmul_;
  double product_rate_ = 0, copy_rate_ = 0;
};

/// One linear input with everything that the search of its consumers needs.
struct Site {
  const char* name;
  std::int64_t n;
  std::vector<std::int64_t> consumers;  ///< out_features
};

struct Totals {
  double gram = 0, search = 0, clip = 0, rest = 0;
};

class SiteBench {
 public:
  SiteBench(Bench& bench, const Site& site, std::int64_t group, int bits)
      : bench_(bench),
        site_(site),
        group_(group == 0 ? site.n : group),
        bits_(bits),
        largest_(*std::max_element(site.consumers.begin(), site.consumers.end())),
        x_(size(kTokensPerCall, site.n)),
        gram_(size(site.n, site.n)),
        matrix_(size(cuda::correlation_bytes(site.n)) / 2),
        rest_(matrix_.size()),
        root_(size(site.n)),
        scales_(size(site.n, kCandidates)),
        weight_(size(largest_, site.n)),
        output_(size(largest_, site.n)),
        clip_(2 * size(largest_, groups())),
        losses_(kCandidates),
        rows_(2 * size(largest_)),
        loss_bytes_(cuda::loss_workspace_bytes(site.n, kRowsInFlight)),
        split_bytes_(cuda::loss_workspace_bytes(site.n, kRowsInFlight / 2, cuda::Precision::Split)),
        loss_workspace_(size(std::max(loss_bytes_, split_bytes_))) {
    fill();
  }

  void run(Totals& totals) {
    totals.gram += gram();
    totals.rest +=
        bench_.row("correlation", site_.name, bytes(6.0 * square() / 2), [&] { prepare(); });
    for (const std::int64_t out : site_.consumers) {
      totals.search += search(out);
      totals.clip += clip(out);
      totals.rest += rest(out);
    }
  }

 private:
  std::int64_t groups() const { return (site_.n + group_ - 1) / group_; }
  double square() const { return static_cast<double>(site_.n) * static_cast<double>(site_.n); }
  cuda::Correlation correlation() { return {matrix_.data(), root_.data(), site_.n, rest_.data()}; }

  void fill() {
    std::vector<float> factors(size(site_.n), 1.0F);
    for (std::size_t j = 3; j < factors.size(); j += 100) factors[j] = 30.0F;
    const Array<float> factors_there(factors);
    cuda::fill_normal(x_.data(), kTokensPerCall * site_.n,
                      {.seed = 7, .column_factors = factors_there.data(), .columns = site_.n},
                      bench_.stream());
    cuda::fill_normal(weight_.data(), largest_ * site_.n, {.seed = 8, .deviation = 0.02F},
                      bench_.stream());
    std::vector<float> scales;
    for (int c = 0; c < kCandidates; ++c) {
      for (const float f : factors) scales.push_back(std::pow(f, float(c) / kCandidates));
    }
    cuda::check(
        cudaMemcpy(scales_.data(), scales.data(), scales.size() * 4, cudaMemcpyHostToDevice),
        "scales");
    cuda::check(cudaStreamSynchronize(bench_.stream()), "fill");
  }

  /// Milliseconds of all tokens of a calibration.
  double gram() {
    const double calls = static_cast<double>(kCalibrationTokens) / kTokensPerCall;
    Array<unsigned char> workspace(size(cuda::gram_workspace_bytes(kTokensPerCall, site_.n)));
    cuda::check(cudaMemset(gram_.data(), 0, gram_.size() * 4), "gram");
    const double one = bench_.row(
        "Gram, 8192 tokens", site_.name, operations(double(kTokensPerCall) * square()), [&] {
          cuda::accumulate_gram(bench_.matmul(), x_.data(), kTokensPerCall, site_.n, gram_.data(),
                                workspace.data());
        });
    Array<double> sums(size(site_.n));
    Array<float> peaks(size(site_.n));
    Array<unsigned char> slices(size(cuda::magnitude_workspace_bytes(kTokensPerCall, site_.n)));
    const double magnitude =
        bench_.row("magnitude, 8192 tokens", site_.name,
                   bytes(4.0 * double(kTokensPerCall) * double(site_.n)), [&] {
                     cuda::accumulate_magnitude(x_.data(), kTokensPerCall, site_.n, sums.data(),
                                                peaks.data(), slices.data(), bench_.stream());
                   });
    return (one + magnitude) * calls;
  }

  void prepare() { cuda::prepare_correlation(gram_.data(), correlation(), bench_.stream()); }

  cuda::RoundingInput input(std::int64_t out, const float* clip) {
    return {.weight = weight_.data(),
            .out_features = out,
            .in_features = site_.n,
            .channel_scales = nullptr,
            .clip = clip,
            .bits = bits_,
            .group_size = group_,
            .grid = cuda::Grid::Asymmetric};
  }

  double search(std::int64_t out) {
    cuda::CandidateLosses problem = {
        .input = input(out, nullptr), .candidates = kCandidates, .losses = losses_.data()};
    problem.input.channel_scales = scales_.data();
    return bench_.row("20 alphas", site_.name, operations(20.0 * double(out) * square()), [&] {
      cuda::candidate_losses(bench_.matmul(), problem, correlation(),
                             {loss_workspace_.data(), loss_bytes_});
    });
  }

  /// rows_ [2, out]: with the clip, and with limits that no weight reaches.
  void row_losses(std::int64_t out, cuda::Precision precision) {
    const std::int64_t limits = out * groups();
    cuda::check(cudaMemsetAsync(clip_.data() + limits, 0x7F, size(limits) * 4, bench_.stream()),
                "limits");
    const std::int64_t bytes = precision == cuda::Precision::Split ? split_bytes_ : loss_bytes_;
    cuda::CandidateLosses problem = {.input = input(out, clip_.data()),
                                     .candidates = 2,
                                     .clip_stride = limits,
                                     .row_losses = rows_.data(),
                                     .precision = precision};
    cuda::candidate_losses(bench_.matmul(), problem, correlation(),
                           {loss_workspace_.data(), bytes});
  }

  /// The search, and the losses of every row with and without its clip.
  double clip(std::int64_t out) {
    const cuda::ClipProblem problem = {.weight = weight_.data(),
                                       .out_features = out,
                                       .in_features = site_.n,
                                       .gram = gram_.data(),
                                       .channel_scales = scales_.data() + 10 * site_.n,
                                       .bits = bits_,
                                       .group_size = group_,
                                       .grid = cuda::Grid::Asymmetric,
                                       .max_abs = clip_.data()};
    Array<unsigned char> workspace(size(cuda::clip_search_workspace_bytes(out, site_.n, group_)));
    double ms = bench_.row("clip search", site_.name,
                           operations(20.0 * double(out) * double(site_.n) *
                                      double(std::min<std::int64_t>(group_, 128))),
                           [&] { cuda::clip_search(bench_.matmul(), problem, workspace.data()); });
    const Work work = operations(2.0 * double(out) * square());
    bench_.row("clip or none, half", site_.name, work,
               [&] { row_losses(out, cuda::Precision::Half); });
    return ms + bench_.row("clip or none, split", site_.name, work,
                           [&] { row_losses(out, cuda::Precision::Split); });
  }

  double rest(std::int64_t out) {
    const double weights = static_cast<double>(out) * static_cast<double>(site_.n);
    Array<std::uint8_t> codes(size(out, site_.n)), zeros(size(out, groups()));
    Array<std::uint16_t> steps(size(out, groups()));
    double ms = bench_.row("fold", site_.name, bytes(8 * weights), [&] {
      cuda::fold_weight(weight_.data(), out, site_.n, scales_.data(), nullptr, output_.data(),
                        bench_.stream());
    });
    ms += bench_.row("codes", site_.name, bytes(5 * weights), [&] {
      cuda::round_codes(input(out, clip_.data()), {codes.data(), steps.data(), zeros.data()},
                        bench_.stream());
    });
    return ms + statistics(out);
  }

  double statistics(std::int64_t out) {
    const Array<double> scales(std::vector<double>(size(site_.n), 1.25));
    const Array<std::int32_t> fine(std::vector<std::int32_t>(size(site_.n), 160));
    const Array<std::uint8_t> salient(std::vector<std::uint8_t>(size(site_.n), 0));
    Array<double> sums(size(groups())), median(1);
    Array<std::int64_t> changed(1), salient_counts(kFineBins), other(kFineBins);
    Array<unsigned char> workspace(size(cuda::step_sums_workspace_bytes(out, site_.n, group_)));
    const cuda::StepProblem problem = {.weight = weight_.data(),
                                       .out_features = out,
                                       .in_features = site_.n,
                                       .scales = scales.data(),
                                       .fine_scales = fine.data(),
                                       .salient = salient.data(),
                                       .bits = bits_,
                                       .group_size = group_,
                                       .grid = cuda::Grid::Asymmetric,
                                       .fine_bins = kFineBins,
                                       .fine_per_octave = 512};
    return bench_.row(
        "step statistics", site_.name, bytes(4.0 * double(out) * double(site_.n)), [&] {
          cuda::step_sums(
              problem,
              {sums.data(), changed.data(), median.data(), salient_counts.data(), other.data()},
              workspace.data(), bench_.stream());
        });
  }

  Bench& bench_;
  const Site& site_;
  std::int64_t group_;
  int bits_;
  std::int64_t largest_;
  Array<float> x_, gram_;
  Array<std::uint16_t> matrix_, rest_;
  Array<float> root_, scales_, weight_, output_, clip_;
  Array<double> losses_, rows_;
  std::int64_t loss_bytes_, split_bytes_;
  Array<unsigned char> loss_workspace_;
};

std::int64_t number(const char* text) {
  const std::string_view view = text;
  std::int64_t value = 0;
  std::from_chars(view.data(), view.data() + view.size(), value);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::printf("no CUDA device\n");
    return 77;
  }
  const std::int64_t group = argc > 1 ? number(argv[1]) : 128;
  const int bits = argc > 2 ? static_cast<int>(number(argv[2])) : 4;
  Bench bench;
  bench.measure_roofs();
  const bool large = argc > 3 && std::string_view(argv[3]) == "70b";
  const int layers = large ? 80 : 32;
  const std::vector<Site> small_sites = {{"q,k,v 4096", 4096, {4096, 4096, 4096}},
                                         {"o 4096", 4096, {4096}},
                                         {"gate,up 4096>11008", 4096, {11008, 11008}},
                                         {"down 11008>4096", 11008, {4096}}};
  const std::vector<Site> large_sites = {{"q,k,v 8192", 8192, {8192, 1024, 1024}},
                                         {"o 8192", 8192, {8192}},
                                         {"gate,up 8192>28672", 8192, {28672, 28672}},
                                         {"down 28672>8192", 28672, {8192}}};
  Totals totals;
  for (const Site& site : large ? large_sites : small_sites)
    SiteBench(bench, site, group, bits).run(totals);
  std::printf(
      "\nLlama-2-%s, %d layers, %d bits, group %lld: Gram of %lld tokens %.2f s, search of %d "
      "alphas "
      "%.2f s, clip %.2f s, rest %.2f s\n",
      large ? "70B" : "7B", layers, bits, static_cast<long long>(group),
      static_cast<long long>(kCalibrationTokens), totals.gram * layers / 1e3, kCandidates,
      totals.search * layers / 1e3, totals.clip * layers / 1e3, totals.rest * layers / 1e3);
  return 0;
}
