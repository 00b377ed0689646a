// SPDX-License-Identifier: Apache-2.0
#define DOCTEST_CONFIG_IMPLEMENT
#include <cstdio>

#include <doctest/doctest.h>

#include "tests/shared_data.h"

namespace {

int asserts = 0;

/// Counts assertions, so that a program in which every test was skipped can say so.
struct AssertCounter : doctest::IReporter {
  explicit AssertCounter(const doctest::ContextOptions& /*options*/) {}
  void report_query(const doctest::QueryData& /*data*/) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& stats) override { asserts = stats.numAsserts; }
  void test_case_start(const doctest::TestCaseData& /*data*/) override {}
  void test_case_reenter(const doctest::TestCaseData& /*data*/) override {}
  void test_case_end(const doctest::CurrentTestCaseStats& /*stats*/) override {}
  void test_case_exception(const doctest::TestCaseException& /*error*/) override {}
  void subcase_start(const doctest::SubcaseSignature& /*signature*/) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData& /*data*/) override {}
  void log_message(const doctest::MessageData& /*data*/) override {}
  void test_case_skipped(const doctest::TestCaseData& /*data*/) override {}
};
REGISTER_LISTENER("assert-counter", 1, AssertCounter);

}  // namespace

/// Runs the tests. A program whose every test was skipped exits with 77, which
/// CTest shows as skipped.
int main(int argc, char** argv) {
  doctest::Context context(argc, argv);
  const int failed = context.run();
  if (context.shouldExit() || failed != 0) return failed;
  const int skipped = salient::tests::skipped_count();
  if (skipped > 0) std::printf("%d skipped\n", skipped);
  return skipped > 0 && asserts == 0 ? 77 : 0;
}
