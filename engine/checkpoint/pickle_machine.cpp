// SPDX-License-Identifier: Apache-2.0
#include "engine/checkpoint/pickle_machine.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "engine/checkpoint/foreign_text.h"
#include "engine/checkpoint/limits.h"
#include "engine/error.h"

namespace salient {
namespace {

constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr PickleRef kNothing = 0xFFFFFFFF;
constexpr std::uint64_t kNewestProtocol = 5;
/// A tensor's 16 objects hold 25 values: keys and names are used again through the memo.
constexpr std::size_t kHeldValues = 2 * limits::kPickleObjects;

class PickleMachine {
 public:
  PickleMachine(std::string_view pickle, std::span<const std::string_view> globals,
                const std::string& file)
      : pickle_(pickle), globals_(globals), file_(file) {}

  Pickle run();

 private:
  struct Opcode {
    unsigned char byte;
    void (PickleMachine::*action)();
  };
  static const std::array<Opcode, 37> kOpcodes;

  [[noreturn]] void refuse(const std::string& sentence) const {
    throw Error(ErrorKind::BadInput,
                file_ + ": data.pkl offset " + std::to_string(opcode_at_) + ": " + sentence);
  }
  [[noreturn]] void refuse_opcode(unsigned char byte) const;

  // Reading.
  std::string_view take(std::uint64_t length, const char* what) {
    if (length > pickle_.size() - at_) {
      refuse(std::string(what) + " of " + std::to_string(length) + " bytes, " +
             std::to_string(pickle_.size() - at_) + " are left");
    }
    return pickle_.substr(std::exchange(at_, at_ + static_cast<std::size_t>(length)),
                          static_cast<std::size_t>(length));
  }
  std::uint64_t number(std::size_t bytes) {
    const std::string_view raw = take(bytes, "a number");
    std::uint64_t value = 0;
    for (std::size_t i = bytes; i-- > 0;) {
      value = (value << 8U) | static_cast<unsigned char>(raw[i]);
    }
    return value;
  }
  std::string_view line() {
    const std::size_t end = pickle_.find('\n', at_);
    if (end == std::string_view::npos) refuse("a name has no end");
    const std::string_view text = take(end - at_, "a name");
    ++at_;
    return text;
  }

  // The stack.
  void push(PickleRef ref) {
    if (stack_.size() == limits::kPickleObjects) refuse_count("stacked values");
    stack_.push_back(ref);
  }
  PickleRef pop() {
    if (stack_.size() <= floor()) refuse("the stack is empty");
    const PickleRef ref = stack_.back();
    stack_.pop_back();
    return ref;
  }
  PickleRef top() const {
    if (stack_.size() <= floor()) refuse("the stack is empty");
    return stack_.back();
  }
  /// Below it lies what the last mark hides.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  std::vector<PickleRef> pop_to_mark() {
    if (marks_.empty()) refuse("there is no mark");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<PickleRef> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }
  [[noreturn]] void refuse_count(const char* what) const {
    refuse("more than " + std::to_string(limits::kPickleObjects) + " " + what);
  }

  // Values.
  PickleValue& value(PickleRef ref) { return result_.values[ref]; }
  PickleRef add(PickleValue made) {
    if (result_.values.size() == limits::kPickleObjects) refuse_count("objects");
    result_.values.push_back(std::move(made));
    return static_cast<PickleRef>(result_.values.size() - 1);
  }
  void push_new(PickleKind kind, std::int64_t integer = 0, std::string_view text = {}) {
    push(add({kind, 1, integer, text, {}}));
  }
  void push_holding(PickleKind kind, std::vector<PickleRef> items) {
    PickleValue made{kind, 1, 0, {}, {}};
    hold(made, items);
    made.items = std::move(items);
    push(add(std::move(made)));
  }
  /// Before `items` become part of `holder`: their number and depth.
  void hold(PickleValue& holder, std::span<const PickleRef> items) {
    held_ += items.size();
    if (held_ > kHeldValues) refuse("more than " + std::to_string(kHeldValues) + " held values");
    int depth = holder.depth;
    for (const PickleRef item : items) depth = std::max<int>(depth, value(item).depth + 1);
    if (depth > static_cast<int>(limits::kPickleDepth)) {
      refuse("nested deeper than " + std::to_string(limits::kPickleDepth));
    }
    holder.depth = static_cast<std::uint8_t>(depth);
  }
  void extend(PickleKind kind, const char* opcode, std::span<const PickleRef> items) {
    PickleValue& holder = value(top());
    if (holder.kind != kind) {
      refuse(std::string(opcode) + " on " + std::string(words_of(holder.kind)));
    }
    hold(holder, items);
    holder.items.insert(holder.items.end(), items.begin(), items.end());
  }
  void remember(std::uint64_t index) {
    if (index >= limits::kPickleObjects) {
      refuse("memo index " + std::to_string(index) + " is too large");
    }
    if (index >= memo_.size()) memo_.resize(static_cast<std::size_t>(index) + 1, kNothing);
    memo_[static_cast<std::size_t>(index)] = top();
    memo_end_ = std::max(memo_end_, static_cast<std::size_t>(index) + 1);
  }
  void recall(std::uint64_t index) {
    if (index >= memo_.size() || memo_[static_cast<std::size_t>(index)] == kNothing) {
      refuse("memo index " + std::to_string(index) + " is missing");
    }
    push(memo_[static_cast<std::size_t>(index)]);
  }
  void push_text(std::uint64_t length) {
    const std::string_view text = take(length, "a string");
    if (find_invalid_utf8(text)) refuse("a string is not UTF-8");
    push_new(PickleKind::Text, 0, text);
  }
  void push_global(std::string_view module, std::string_view name);
  void push_tuple(std::size_t count) {
    std::vector<PickleRef> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    push_holding(PickleKind::Tuple, std::move(items));
  }

  // Opcodes.
  void protocol() {
    const std::uint64_t version = number(1);
    if (version > kNewestProtocol) refuse("protocol " + std::to_string(version) + " is not known");
  }
  void frame() {
    const std::uint64_t length = number(8);
    if (length <= pickle_.size() - at_) return;
    refuse("a frame of " + std::to_string(length) + " bytes, " +
           std::to_string(pickle_.size() - at_) + " are left");
  }
  void mark() {
    if (marks_.size() == limits::kPickleDepth) {
      refuse("nested deeper than " + std::to_string(limits::kPickleDepth));
    }
    marks_.push_back(stack_.size());
  }
  void none() { push_new(PickleKind::None); }
  void yes() { push_new(PickleKind::Boolean, 1); }
  void no() { push_new(PickleKind::Boolean, 0); }
  void byte_integer() { push_new(PickleKind::Integer, static_cast<std::int64_t>(number(1))); }
  void short_integer() { push_new(PickleKind::Integer, static_cast<std::int64_t>(number(2))); }
  void integer() {
    push_new(PickleKind::Integer, static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4))));
  }
  void long_integer() {
    const std::uint64_t bytes = number(1);
    if (bytes > sizeof(std::int64_t)) {
      refuse("an integer of " + std::to_string(bytes) + " bytes, at most 8 are read");
    }
    if (bytes == 0) return push_new(PickleKind::Integer, 0);
    const auto shift = static_cast<unsigned>(8 * (sizeof(std::int64_t) - bytes));
    const std::uint64_t raw = number(static_cast<std::size_t>(bytes)) << shift;
    push_new(PickleKind::Integer, static_cast<std::int64_t>(raw) >> shift);
  }
  void real() {
    take(8, "a number");
    push_new(PickleKind::Real);
  }
  void byte_text() { push_text(number(1)); }
  void text() { push_text(number(4)); }
  void long_text() { push_text(number(8)); }
  void empty_tuple() { push_new(PickleKind::Tuple); }
  void empty_list() { push_new(PickleKind::List); }
  void empty_dictionary() { push_new(PickleKind::Dictionary); }
  void tuple() { push_holding(PickleKind::Tuple, pop_to_mark()); }
  void tuple1() { push_tuple(1); }
  void tuple2() { push_tuple(2); }
  void tuple3() { push_tuple(3); }
  void append() {
    const std::array<PickleRef, 1> item = {pop()};
    extend(PickleKind::List, "APPEND", item);
  }
  void appends() { extend(PickleKind::List, "APPENDS", pop_to_mark()); }
  void set_item() {
    const PickleRef held = pop();
    const std::array<PickleRef, 2> pair = {pop(), held};
    extend(PickleKind::Dictionary, "SETITEM", pair);
  }
  void set_items() {
    const std::vector<PickleRef> pairs = pop_to_mark();
    if (pairs.size() % 2 != 0) refuse("SETITEMS has a key without a value");
    extend(PickleKind::Dictionary, "SETITEMS", pairs);
  }
  void put() { remember(number(1)); }
  void long_put() { remember(number(4)); }
  void memoize() { remember(memo_end_); }
  void get() { recall(number(1)); }
  void long_get() { recall(number(4)); }
  void global() {
    const std::string_view module = line();
    push_global(module, line());
  }
  void stack_global() {
    const PickleRef name = pop();
    const PickleRef module = pop();
    if (value(module).kind != PickleKind::Text || value(name).kind != PickleKind::Text) {
      refuse("STACK_GLOBAL needs two strings");
    }
    push_global(value(module).text, value(name).text);
  }
  void reduce();
  void build();
  void persistent() {
    std::vector<PickleRef> id = {pop()};
    push_holding(PickleKind::Persistent, std::move(id));
  }

  std::string_view pickle_;
  std::span<const std::string_view> globals_;
  std::string file_;
  std::size_t at_ = 0;
  std::size_t opcode_at_ = 0;
  std::vector<PickleRef> stack_;
  std::vector<std::size_t> marks_;
  std::vector<PickleRef> memo_;
  std::size_t memo_end_ = 0;
  std::size_t held_ = 0;
  Pickle result_;
};

using M = PickleMachine;

const std::array<PickleMachine::Opcode, 37> PickleMachine::kOpcodes = {{
    {0x80, &M::protocol},
    {0x95, &M::frame},
    {'(', &M::mark},
    {'N', &M::none},
    {0x88, &M::yes},
    {0x89, &M::no},
    {'K', &M::byte_integer},
    {'M', &M::short_integer},
    {'J', &M::integer},
    {0x8A, &M::long_integer},
    {'G', &M::real},
    {0x8C, &M::byte_text},
    {'X', &M::text},
    {0x8D, &M::long_text},
    {')', &M::empty_tuple},
    {']', &M::empty_list},
    {'}', &M::empty_dictionary},
    {'t', &M::tuple},
    {0x85, &M::tuple1},
    {0x86, &M::tuple2},
    {0x87, &M::tuple3},
    {'a', &M::append},
    {'e', &M::appends},
    {'s', &M::set_item},
    {'u', &M::set_items},
    {'q', &M::put},
    {'r', &M::long_put},
    {0x94, &M::memoize},
    {'h', &M::get},
    {'j', &M::long_get},
    {'c', &M::global},
    {0x93, &M::stack_global},
    {'R', &M::reduce},
    {'b', &M::build},
    {'Q', &M::persistent},
    {'U', &M::byte_text},
    {'T', &M::text},
}};

void PickleMachine::refuse_opcode(unsigned char byte) const {
  using Name = std::pair<unsigned char, std::string_view>;
  static constexpr std::array<Name, 12> kNames = {{{'i', "INST"},
                                                   {'o', "OBJ"},
                                                   {0x81, "NEWOBJ"},
                                                   {0x92, "NEWOBJ_EX"},
                                                   {0x82, "EXT1"},
                                                   {0x83, "EXT2"},
                                                   {0x84, "EXT4"},
                                                   {'P', "PERSID"},
                                                   {'2', "DUP"},
                                                   {'0', "POP"},
                                                   {'1', "POP_MARK"},
                                                   {0x8B, "LONG4"}}};
  const auto* found =
      std::find_if(kNames.begin(), kNames.end(), [&](const Name& n) { return n.first == byte; });
  refuse("opcode " + std::to_string(byte) +
         (found == kNames.end() ? "" : " (" + std::string(found->second) + ")") +
         " is not allowed");
}

void PickleMachine::push_global(std::string_view module, std::string_view name) {
  std::string full = std::string(module) + "." + std::string(name);
  if (full == kOrderedDict) return push_new(PickleKind::Global, 0, kOrderedDict);
  const auto known = std::find(globals_.begin(), globals_.end(), full);
  if (known == globals_.end()) refuse("global " + escaped(full) + " is not allowed");
  push_new(PickleKind::Global, 0, *known);
}

void PickleMachine::reduce() {
  const PickleRef arguments = pop();
  const PickleRef callable = pop();
  if (value(callable).kind != PickleKind::Global || value(arguments).kind != PickleKind::Tuple) {
    refuse("REDUCE of " + std::string(words_of(value(callable).kind)) + " with " +
           std::string(words_of(value(arguments).kind)));
  }
  if (value(callable).text == kOrderedDict) {
    if (!value(arguments).items.empty()) refuse("an OrderedDict is made with arguments");
    return push_new(PickleKind::Dictionary);
  }
  std::vector<PickleRef> items = {callable};
  const std::vector<PickleRef>& given = value(arguments).items;
  items.insert(items.end(), given.begin(), given.end());
  push_holding(PickleKind::Call, std::move(items));
}

/// A state dict carries its modules' versions as an attribute, which nothing here needs.
void PickleMachine::build() {
  const PickleKind state = value(pop()).kind;
  const PickleKind target = value(top()).kind;
  if (state == PickleKind::Dictionary && target == PickleKind::Dictionary) return;
  refuse("BUILD of " + std::string(words_of(target)) + " from " + std::string(words_of(state)));
}

Pickle PickleMachine::run() {
  constexpr unsigned char kStop = '.';
  std::array<void (PickleMachine::*)(), 256> actions{};
  for (const Opcode& opcode : kOpcodes) actions[opcode.byte] = opcode.action;
  while (true) {
    opcode_at_ = at_;
    if (at_ == pickle_.size()) refuse("the pickle ends without STOP");
    const auto byte = static_cast<unsigned char>(pickle_[at_++]);
    if (byte == kStop) break;
    if (actions[byte] == nullptr) refuse_opcode(byte);
    (this->*actions[byte])();
  }
  result_.top = pop();
  if (!stack_.empty() || !marks_.empty()) refuse("values are left over at STOP");
  if (at_ != pickle_.size()) {
    refuse(std::to_string(pickle_.size() - at_) + " bytes follow STOP");
  }
  return std::move(result_);
}

}  // namespace

Pickle read_pickle(std::string_view pickle, std::span<const std::string_view> globals,
                   const std::string& file) {
  return PickleMachine(pickle, globals, file).run();
}

std::string_view words_of(PickleKind kind) {
  static constexpr std::array<std::string_view, 11> kWords = {
      "nothing", "a truth value", "an integer", "a real number", "a string",       "a tuple",
      "a list",  "a dictionary",  "a global",   "a call",        "a persistent id"};
  return kWords[static_cast<std::size_t>(kind)];
}

}  // namespace salient
