#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "infinipot/policy.h"

namespace infinipot {

/// The measurements of one layer, owned, for tests: [n_head_kv][n_kv] each, a head per row.
struct Layer {
    using Rows = std::vector<std::vector<float>>;

    int n_head_kv = 0;
    int n_kv = 0;
    int n_new = 0;
    std::vector<float> attention = {};
    std::vector<float> surprisal = {};
    std::vector<float> key_norm = {};
    std::vector<float> value_norm = {};
    std::vector<float> key_similarity = {};
    std::vector<float> expected_attention = {};
    std::vector<std::int64_t> position = {};
    std::vector<char> ends_sentence = {};

    /// Rows that are left out stay unmeasured, as for a policy that did not ask for them.
    static Layer of(const Rows& attention, const Rows& surprisal) {
        const Rows& any = attention.empty() ? surprisal : attention;
        return {.n_head_kv = static_cast<int>(any.size()),
                .n_kv = static_cast<int>(any.front().size()),
                .n_new = static_cast<int>(any.front().size()),
                .attention = flat(attention),
                .surprisal = flat(surprisal)};
    }

    LayerView view() const {
        return {.n_head_kv = n_head_kv,
                .n_kv = n_kv,
                .n_new = n_new,
                .attention = grid(attention),
                .surprisal = grid(surprisal),
                .position = grid(position),
                .ends_sentence = grid(ends_sentence),
                .key_norm = grid(key_norm),
                .value_norm = grid(value_norm),
                .key_similarity = grid(key_similarity),
                .expected_attention = grid(expected_attention)};
    }

   private:
    static std::vector<float> flat(const Rows& rows) {
        std::vector<float> all;
        for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
        return all;
    }

    template <typename T>
    Grid<const T> grid(const std::vector<T>& values) const {
        if (values.empty()) return {};
        return {values.data(), n_head_kv, n_kv};
    }
};

/// The slots that `policy` keeps in each head of `layer`, when nothing is protected.
inline std::vector<std::vector<int>> kept_slots(const PolicyPtr& policy, const Layer& layer,
                                                int n_keep) {
    std::vector<Keep> heads(static_cast<std::size_t>(layer.n_head_kv), Keep(layer.n_kv, n_keep));
    policy->select(layer.view(), heads);
    std::vector<std::vector<int>> slots;
    for (const Keep& keep : heads) slots.push_back(keep.slots());
    return slots;
}

}  // namespace infinipot
