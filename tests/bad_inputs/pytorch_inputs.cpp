// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <stdexcept>

#include "tests/bad_inputs/bad_input.h"
#include "tests/tiny_pytorch.h"

namespace salient::tests {
namespace {

namespace fs = std::filesystem;
using namespace pickled;

constexpr const char* kWeights = "pytorch_model.bin";
constexpr const char* kNorm = "model.norm.weight";

/// The tiny model with these bytes as its weights.
BadInput bytes(const char* id, const char* name, const char* says, const std::string& weights,
               Outcome outcome = Outcome::Refused) {
  return {id, name, outcome, says, [weights](const fs::path& folder) {
            write_pytorch_folder(make_tiny_checkpoint(), folder);
            write_bytes(folder / kWeights, weights);
            return fs::path();
          }};
}

/// The tiny model with its records changed.
BadInput records(const char* id, const char* name, const char* says,
                 const std::function<void(std::vector<ZipRecord>&)>& change,
                 Outcome outcome = Outcome::Refused) {
  return {id, name, outcome, says, [change](const fs::path& folder) {
            const TinyCheckpoint tiny = make_tiny_checkpoint();
            write_pytorch_folder(tiny, folder);
            std::vector<ZipRecord> all = pytorch_records(tiny.tensors);
            change(all);
            write_bytes(folder / kWeights, zip_bytes(all));
            return fs::path();
          }};
}

/// The tiny model with another pickle.
BadInput pickle(const char* id, const char* name, const char* says, const std::string& text) {
  return records(id, name, says, [text](std::vector<ZipRecord>& all) { all[0].bytes = text; });
}

/// A pickle whose norm is `value`, and nothing else.
BadInput norm(const char* id, const char* name, const char* says, const std::string& value) {
  return pickle(id, name, says, state_dictionary({{kNorm, value}}));
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::out_of_range("nothing to replace");
  return text.replace(at, from.size(), to);
}

/// The whole archive with something replaced, found from behind.
BadInput archive(const char* id, const char* name, const char* says,
                 const std::function<void(std::string&)>& change) {
  return {id, name, Outcome::Refused, says, [change](const fs::path& folder) {
            const TinyCheckpoint tiny = make_tiny_checkpoint();
            write_pytorch_folder(tiny, folder);
            std::string all = pytorch_bytes(tiny.tensors);
            change(all);
            write_bytes(folder / kWeights, all);
            return fs::path();
          }};
}

std::vector<BadInput> code_rows() {
  const std::string rm = text("touch hacked");
  const std::string doubling = "\x80\x02]" + [] {
    std::string all;
    for (int i = 0; i < 60; ++i) all += "2\x86";
    return all;
  }() + ".";
  return {pickle("P01", "os.system", "data.pkl offset 0: global posix.system is not allowed",
                 "cposix\nsystem\n(" + rm + "tR."),
          pickle("P02", "eval", "global __builtin__.eval is not allowed",
                 "c__builtin__\neval\n(" + rm + "tR."),
          pickle("P02b", "a global off the stack", "global os.system is not allowed",
                 "\x80\x04\x8C\x02os\x8C\x06system\x93(" + rm + "tR."),
          pickle("P03", "INST", "opcode 105 (INST) is not allowed", "(" + rm + "ios\nsystem\n."),
          pickle("P03b", "OBJ", "opcode 111 (OBJ) is not allowed", "(" + rm + "o."),
          pickle("P03c", "NEWOBJ", "opcode 129 (NEWOBJ) is not allowed",
                 global("collections", "OrderedDict") + ")\x81."),
          pickle("P04", "BUILD", "BUILD of a global from a dictionary",
                 global("collections", "OrderedDict") + "}b."),
          pickle("P05", "doubling", "opcode 50 (DUP) is not allowed", doubling),
          pickle("P18", "sparse", "global torch._utils._rebuild_sparse_tensor is not allowed",
                 global("torch._utils", "_rebuild_sparse_tensor") + ")R."),
          pickle("P18b", "quantized", "global torch._utils._rebuild_qtensor is not allowed",
                 global("torch._utils", "_rebuild_qtensor") + ")R."),
          pickle("P18c", "a terminal code in a global", "global \\x1B[2J.x is not allowed",
                 "c\x1B[2J\nx\n.")};
}

/// Tuples of the tuple before, twice.
std::string nested(int depth) {
  std::string all = "\x80\x02)q";
  all += '\0';
  for (int i = 1; i < depth; ++i) {
    all += 'h';
    all += static_cast<char>(i - 1);
    all += "\x86q";
    all += static_cast<char>(i);
  }
  return all + ".";
}

std::vector<BadInput> size_rows() {
  const std::string most(7, '\xFF');
  std::string many = "\x80\x02(";
  many += std::string(4 * 1024 * 1024 + 1, ']') + "t.";
  const BadInput objects = pickle("P05d", "too many objects", "more than 4194304 objects", many);
  const BadInput large =
      records("P06e", "a pickle over the limit", "at most 67108864 are read",
              [](std::vector<ZipRecord>& all) { all[0].bytes.assign((64U << 20U) + 1, 'N'); });
  return {pickle("P05b", "nested 64 deep", "its pickle is a tuple", nested(64)),
          pickle("P05c", "nested 65 deep", "nested deeper than 64", nested(65)),
          objects,
          large,
          pickle("P06", "a string of 2^63", "a string of 9223372036854775808 bytes",
                 "\x80\x04\x8D" + std::string(7, '\0') + "\x80."),
          pickle("P06b", "a long integer", "opcode 139 (LONG4) is not allowed",
                 "\x80\x02\x8B\xFF\xFF\xFF\xFF."),
          pickle("P06c", "an integer of 9 bytes", "an integer of 9 bytes", "\x80\x02\x8A\x09 ."),
          pickle("P06d", "a string not UTF-8", "a string is not UTF-8",
                 "\x80\x02" + text("\xFF") + "."),
          pickle("P07", "REDUCE on nothing", "the stack is empty", "\x80\x02R."),
          pickle("P07b", "no STOP", "ends without STOP", "\x80\x02}"),
          pickle("P07c", "no memo entry", "memo index 5 is missing", "\x80\x02h\x05."),
          pickle("P07d", "a memo index of 2^32", "memo index 4294967295 is too large",
                 "\x80\x02}r\xFF\xFF\xFF\xFF."),
          pickle("P07e", "no mark", "there is no mark", "\x80\x02}u."),
          pickle("P07f", "bytes behind STOP", "3 bytes follow STOP", "\x80\x02}.abc"),
          pickle("P07g", "values left over", "values are left over", "\x80\x02}}."),
          pickle("P07h", "an empty pickle", "offset 0: the pickle ends without STOP", ""),
          pickle("P08", "a frame of 2^60", "a frame of 1152921504606846976 bytes",
                 "\x80\x04\x95" + std::string(7, '\0') + "\x10}."),
          pickle("P08b", "a newer protocol", "protocol 6 is not known", "\x80\x06}.")};
}

std::vector<BadInput> container_rows() {
  const std::string old = "\x80\x02\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19.";
  std::string tar(512, '\0');
  tar.replace(257, 5, "ustar");
  const std::string whole = pytorch_bytes(make_tiny_checkpoint().tensors);
  return {bytes("P09", "legacy", "old format of PyTorch", old, Outcome::Unsupported),
          bytes("P09b", "legacy tar", "old format of PyTorch", tar, Outcome::Unsupported),
          bytes("P20", "7z", "is a 7z archive", "7z\xBC\xAF\x27\x1C rest of it"),
          bytes("P20b", "gzip", "is a gzip archive", "\x1F\x8B\x08 rest of it"),
          bytes("P20c", "anything", "unknown container", std::string(100, 'x')),
          bytes("P20d", "empty", "is an empty file", ""),
          bytes("P20e", "web page", "is an HTML page", "<!DOCTYPE html><html></html>"),
          bytes("P20f", "LFS pointer", "is a Git LFS pointer",
                "version https://git-lfs.github.com/spec/v1\n"),
          bytes("P21", "cut", "does not end like one", whole.substr(0, whole.size() * 6 / 10)),
          bytes("P21b", "bytes behind", "does not end like one", whole + "x"),
          bytes("P21c", "bytes before", "unknown container", "x" + whole),
          bytes("P21d", "four bytes", "does not end like one", "PK\x03\x04"),
          records(
              "P19", "a program", "is a TorchScript program",
              [](std::vector<ZipRecord>& all) {
                all.push_back({"archive/constants.pkl", "."});
              },
              Outcome::Unsupported)};
}

void set_u64(std::string& all, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) all[at + i] = static_cast<char>(value >> (8 * i));
}

std::vector<BadInput> zip_rows() {
  const auto record = [](const char* name) {
    return [name](std::vector<ZipRecord>& all) { all.push_back({name, "x"}); };
  };
  constexpr std::uint64_t kHuge = 1ULL << 63U;
  return {
      records("P10", "deflated", "is compressed (method 8)",
              [](std::vector<ZipRecord>& all) { all[2].method = 8; }),
      records("P11", "parent folder", "is no name inside an archive", record("../../x")),
      records("P11b", "absolute", "is no name inside an archive", record("/etc/x")),
      records("P11c", "another folder", "is not in the folder of the others", record("other/x")),
      records("P11d", "backslash", "is no name inside an archive", record("archive\\x")),
      archive("P12", "directory at 2^63", "does not end at byte",
              [](std::string& all) {
                const std::size_t end = all.rfind("PK\x06\x06");
                set_u64(all, end + 48, kHuge);
                all.replace(all.size() - 6, 4, 4, '\xFF');
              }),
      archive("P12b", "count wrong", "two end records do not say the same",
              [](std::string& all) { set_u64(all, all.rfind("PK\x06\x06") + 32, 99); }),
      archive("P12c", "both counts wrong", "says that it has 3 records",
              [](std::string& all) {
                const std::size_t end = all.rfind("PK\x06\x06");
                set_u64(all, end + 24, 3);
                set_u64(all, end + 32, 3);
                all[all.size() - 12] = all[all.size() - 14] = 3;
              }),
      archive("P12d", "records overlap", "does not follow the record before it",
              [](std::string& all) {
                const std::size_t last = all.rfind("PK\x01\x02");
                all.replace(last + 42, 4, 4, '\0');
              }),
      archive("P12e", "a size too large", "bytes by the directory",
              [](std::string& all) {
                const std::size_t last = all.rfind("PK\x01\x02");
                all[last + 20 + 2] = all[last + 24 + 2] = 0x7F;
              }),
      archive("P12f", "a 64-bit size that is not there", "has no 64-bit size",
              [](std::string& all) { all.replace(all.rfind("PK\x01\x02") + 20, 8, 8, '\xFF'); }),
      records("P13", "encrypted", "is encrypted",
              [](std::vector<ZipRecord>& all) { all[1].flags |= 1U; }),
      archive("P13b", "descriptor differs", "is not its descriptor",
              [](std::string& all) { all[all.rfind("PK\x07\x08") + 4] ^= 1; }),
      archive("P13c", "headers differ", "does not say what the directory says",
              [](std::string& all) { all[all.find("archive/data.pkl")] = 'A'; }),
      records(
          "P13d", "no descriptors", "",
          [](std::vector<ZipRecord>& all) {
            for (ZipRecord& one : all) one.flags = 0;
          },
          Outcome::Accepted),
      records("P14", "a record missing", "record \"archive/data/0\" is missing",
              [](std::vector<ZipRecord>& all) { all.erase(all.begin() + 2); }),
      records("P14b", "two pickles", "comes twice",
              [](std::vector<ZipRecord>& all) { all.push_back(all[0]); }),
      records("P14c", "no pickle", "has no data.pkl",
              [](std::vector<ZipRecord>& all) { all.erase(all.begin()); }),
      records("P14d", "no records", "unknown container",
              [](std::vector<ZipRecord>& all) { all.clear(); }),
      records("P22", "big-endian", "its byte order is \"big\"",
              [](std::vector<ZipRecord>& all) { all[1].bytes = "big"; })};
}

std::vector<BadInput> tensor_rows() {
  const std::string half = storage("HalfStorage", "0", 16384);
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return {
      records("P15", "half a record", "record \"archive/data/0\" has 16384 bytes, 16384 elements",
              [](std::vector<ZipRecord>& all) { all[2].bytes.resize(16384); }),
      norm("P15b", "a storage that wraps", "elements of F16 are announced",
           tensor(storage("HalfStorage", "0", kMost), 0, {64}, {1})),
      norm("P16", "offset past the storage", "tensor \"model.norm.weight\": offset 16384",
           tensor(half, 16384, {64}, {1})),
      norm("P16b", "size past the storage", "reach beyond the 16384",
           tensor(half, 1, {16384}, {1})),
      norm("P16c", "a stride that wraps", "reach beyond the 16384",
           tensor(half, 0, {3, 3}, {kMost, 1})),
      norm("P16d", "a stride of 0", "overlap", tensor(half, 0, {1 << 20, 64}, {0, 1})),
      norm("P16e", "rows that overlap", "overlap", tensor(half, 0, {4, 64}, {32, 1})),
      norm("P16f", "negative", "a stride is -1", tensor(half, 0, {64}, {-1})),
      norm("P16g", "negative offset", "the storage offset is -5", tensor(half, -5, {64}, {1})),
      norm("P16h", "an empty shape that wraps", "its size is too large",
           tensor(half, 0, {0, kMost, kMost}, {1, 1, 1})),
      norm("P16i", "nine dimensions", "more than 8 dimensions",
           tensor(half, 0, Shape(9, 1), std::vector<std::int64_t>(9, 1))),
      norm("P16j", "sizes against strides", "no tuples of one length",
           tensor(half, 0, {64, 1}, {1})),
      norm("P23", "another storage", "its storage is not named as PyTorch does",
           tensor(tuple({text("module"), text("x")}) + "Q", 0, {64}, {1})),
      norm("P23b", "a storage of no type", "its storage has no known type",
           tensor(tuple({text("storage"), global("collections", "OrderedDict"), text("0"),
                         text("cpu"), integer(1)}) +
                      "Q",
                  0, {64}, {1})),
      norm("P23c", "too few arguments", "is made with 1 arguments",
           call(global("torch._utils", "_rebuild_tensor_v2"), {half})),
      norm("P23d", "no tensors", "holds no tensors", integer(1)),
      pickle("P23e", "a list", "its pickle is a list", "\x80\x02]."),
      pickle("P23f", "a key that is no text", "a key of its pickle is an integer",
             "\x80\x02}" + integer(1) + integer(2) + "s."),
      pickle("P23g", "a name twice", "comes twice",
             state_dictionary(
                 {{kNorm, tensor(half, 0, {64}, {1})}, {kNorm, tensor(half, 64, {64}, {1})}})),
      records(
          "P24", "doubles", "stored as F64",
          [](std::vector<ZipRecord>& all) {
            all[0].bytes = replaced(all[0].bytes, "HalfStorage", "DoubleStorage");
            all[2].bytes += all[2].bytes + all[2].bytes + all[2].bytes;
          },
          Outcome::Unsupported),
      records(
          "P25", "an entry that is no tensor", "1 entries are no tensors",
          [](std::vector<ZipRecord>& all) {
            std::string& all_of = all[0].bytes;
            all_of.insert(all_of.size() - 2, text("epoch") + integer(3));
          },
          Outcome::Warned)};
}

}  // namespace

std::vector<BadInput> pytorch_inputs() {
  std::vector<BadInput> rows;
  for (auto part : {code_rows(), size_rows(), container_rows(), zip_rows(), tensor_rows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace salient::tests
