#include "cache/kv_type.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/word_list.h"
#include "infinipot/error.h"

namespace infinipot {

namespace {

struct Row {
    KvType type;
    std::string_view name;
    ggml_type stored_as;
};

constexpr std::array types = {
    Row{KvType::f16, "f16", GGML_TYPE_F16},
    Row{KvType::bf16, "bf16", GGML_TYPE_BF16},
    Row{KvType::q8_0, "q8_0", GGML_TYPE_Q8_0},
    Row{KvType::q4_0, "q4_0", GGML_TYPE_Q4_0},
};

const Row& row_of(KvType type) { return *std::ranges::find(types, type, &Row::type); }

}  // namespace

std::vector<KvType> all_kv_types() {
    std::vector<KvType> all;
    for (const Row& row : types) all.push_back(row.type);
    return all;
}

std::string_view to_string(KvType type) { return row_of(type).name; }

KvType parse_kv_type(std::string_view text) {
    const auto row = std::ranges::find(types, text, &Row::name);
    if (row != types.end()) return row->type;
    std::array<std::string_view, types.size()> names;
    std::ranges::transform(types, names.begin(), &Row::name);
    throw Error(ErrorCode::invalid_argument,
                "a KV type is " + one_of(names) + ", not \"" + std::string(text) + '"');
}

ggml_type ggml_type_of(KvType type) { return row_of(type).stored_as; }

}  // namespace infinipot
