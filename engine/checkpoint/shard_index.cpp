// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/shard_index.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "engine/checkpoint/bounded_json.h"
#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/error.h"

namespace salient {
namespace {

/// Takes `weight_map` and `metadata.total_size`, and passes over everything else.
class IndexEvents : public JsonEvents {
 public:
  explicit IndexEvents(const std::string& file) : JsonEvents(file) {}
  ShardIndex take();

  bool null() override { return value(); }
  bool boolean(bool /*value*/) override { return value(); }
  bool number_integer(std::int64_t number) override { return total(static_cast<double>(number)); }
  bool number_unsigned(std::uint64_t number) override { return total(static_cast<double>(number)); }
  bool number_float(double number, const std::string& /*text*/) override { return total(number); }
  bool string(std::string& text) override {
    if (!in_map()) return value();
    add(text);
    return true;
  }
  bool start_object(std::size_t /*size*/) override {
    if (in_map()) return unexpected("an object");
    if (depth_++ == 1) has_map_ = has_map_ || top_key_ == "weight_map";
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(std::size_t /*size*/) override {
    if (depth_ == 0) return unexpected("an array instead of an object");
    if (in_map() || (depth_ == 1 && top_key_ == "weight_map")) return unexpected("an array");
    ++depth_;
    return true;
  }
  bool end_array() override { return end_object(); }
  bool key(std::string& text) override {
    if (text.size() > limits::kNameBytes) refuse("key " + in_quotes(text) + " is too long");
    if (depth_ == 1) start_member(text);
    key_ = std::move(text);
    return true;
  }

 protected:
  std::string where() const override { return depth_ == 0 ? "" : in_quotes(key_); }

 private:
  bool in_map() const { return depth_ == 2 && top_key_ == "weight_map"; }
  bool value() const {
    if (depth_ == 0) return unexpected("a single value instead of an object");
    if (in_map() || (depth_ == 1 && top_key_ == "weight_map")) {
      return unexpected("a value that is no file name");
    }
    return true;
  }
  bool total(double number) {
    if (depth_ == 2 && top_key_ == "metadata" && key_ == "total_size") index_.total_size = number;
    return value();
  }
  void start_member(const std::string& name) {
    if (name == "weight_map" && has_map_) refuse("weight_map comes twice");
    top_key_ = name;
  }
  void add(const std::string& shard) {
    if (index_.entries.size() == limits::kTensors) refuse("weight_map has too many tensors");
    if (!is_plain_file_name(shard)) {
      refuse("weight_map of " + in_quotes(key_) + ": " + in_quotes(shard) +
             " is not a plain file name");
    }
    const auto [found, is_new] = shards_.try_emplace(shard, index_.shards.size());
    if (is_new) index_.shards.push_back(shard);
    index_.entries.push_back({key_, found->second});
  }
  void check_case_twins() const;
  void sort_shards();

  ShardIndex index_;
  std::unordered_map<std::string, std::size_t> shards_;
  std::string top_key_;
  std::string key_;
  int depth_ = 0;
  bool has_map_ = false;
};

std::string folded(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

void IndexEvents::check_case_twins() const {
  std::unordered_map<std::string, const std::string*> seen;
  for (const std::string& shard : index_.shards) {
    const auto [found, is_new] = seen.try_emplace(folded(shard), &shard);
    if (is_new) continue;
    refuse("shards " + in_quotes(*found->second) + " and " + in_quotes(shard) +
           " differ in case only, which is one file on some disks");
  }
}

void IndexEvents::sort_shards() {
  std::vector<std::string> sorted = index_.shards;
  std::sort(sorted.begin(), sorted.end());
  std::unordered_map<std::string_view, std::size_t> place;
  for (std::size_t i = 0; i < sorted.size(); ++i) place[sorted[i]] = i;
  for (ShardIndex::Entry& entry : index_.entries) entry.shard = place[index_.shards[entry.shard]];
  index_.shards = std::move(sorted);
}

ShardIndex IndexEvents::take() {
  if (!has_map_) refuse("has no weight_map");
  if (index_.entries.empty()) refuse("weight_map is empty");
  check_case_twins();
  sort_shards();
  auto& entries = index_.entries;
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.tensor < b.tensor; });
  const auto twin =
      std::adjacent_find(entries.begin(), entries.end(),
                         [](const auto& a, const auto& b) { return a.tensor == b.tensor; });
  if (twin != entries.end()) {
    refuse("tensor " + in_quotes(twin->tensor) + " comes twice, in " +
           in_quotes(index_.shards[twin->shard]) + " and " +
           in_quotes(index_.shards[std::next(twin)->shard]));
  }
  return std::move(index_);
}

}  // namespace

bool is_plain_file_name(std::string_view name) {
  if (name.empty() || name.size() > limits::kFileNameBytes) return false;
  if (name == "." || name == ".." || name.back() == '.' || name.back() == ' ') return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F || c == '/' || c == '\\' || c == ':';
  });
}

ShardIndex parse_shard_index(std::string_view json, const std::string& file_name) {
  IndexEvents events(file_name);
  parse_json_events(json, events);
  return events.take();
}

}  // namespace salient
