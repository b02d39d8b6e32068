#include "model/recurrent/read_shape.h"

#include <algorithm>
#include <string>

namespace infinipot {

namespace {

// Far beyond any real model, so that products of a few of these fit into 64 bits.
constexpr int largest_width = 1 << 20;
constexpr int largest_count = 1 << 16;

/// Returns whether each layer has a head of keys and values.
std::vector<bool> with_heads(const GgufMetadata& metadata, int n_layer) {
    const char* key = "attention.head_count_kv";
    std::vector<bool> result;
    for (const int n :
         metadata.counts(metadata.has(key) ? key : "attention.head_count", n_layer, largest_width))
        result.push_back(n > 0);
    return result;
}

/// Returns whether each layer is recurrent: from a list, or every layer but the last of an
/// interval.
std::vector<bool> listed_as_recurrent(const GgufMetadata& metadata, int n_layer) {
    const char* key = "attention.recurrent_layers";
    if (metadata.is_array(key)) {
        std::vector<bool> flags = metadata.flags(key);
        if (flags.size() != static_cast<std::size_t>(n_layer))
            metadata.damaged("its list of recurrent layers is not one flag for each layer");
        return flags;
    }
    const int interval = metadata.count("full_attention_interval", largest_count, 4);
    std::vector<bool> result;
    for (int il = 0; il < n_layer; ++il) result.push_back((il + 1) % interval != 0);
    return result;
}

}  // namespace

std::vector<bool> read_attending(const GgufMetadata& metadata, Recurrence kind, int n_layer,
                                 int n_skipped) {
    if (kind == Recurrence::none) return std::vector<bool>(static_cast<std::size_t>(n_layer), true);
    std::vector<bool> attends;
    if (kind == Recurrence::gated_delta_net) {
        attends = listed_as_recurrent(metadata, n_layer + n_skipped);
        attends.flip();
    } else {
        attends = with_heads(metadata, n_layer + n_skipped);
    }
    attends.resize(static_cast<std::size_t>(n_layer));
    if (std::ranges::find(attends, true) == attends.end())
        metadata.damaged("none of its layers attends");
    return attends;
}

RecurrentShape read_recurrent_shape(const GgufMetadata& metadata, Recurrence kind, int n_embd) {
    RecurrentShape shape{.kind = kind};
    if (kind == Recurrence::none) return shape;
    if (kind == Recurrence::short_convolution) {
        shape.n_taps = metadata.count("shortconv.l_cache", largest_count);
        shape.n_inner = n_embd;
    } else {
        shape.n_taps = metadata.count("ssm.conv_kernel", largest_count);
        shape.n_inner = metadata.count("ssm.inner_size", largest_width);
        shape.n_state = metadata.count("ssm.state_size", largest_count);
        shape.n_head = metadata.count("ssm.time_step_rank", largest_count);
        shape.n_group = metadata.count("ssm.group_count", largest_count);
        if (shape.n_inner % shape.n_head != 0 || shape.n_head % shape.n_group != 0) {
            metadata.damaged(std::to_string(shape.n_head) + " recurrent heads cannot share " +
                             std::to_string(shape.n_inner) + " features and " +
                             std::to_string(shape.n_group) + " groups evenly");
        }
        if (std::int64_t{shape.n_group} * shape.n_state > largest_width)
            metadata.damaged("the groups of its recurrent layers are impossibly large");
    }
    if (shape.n_taps < 2) metadata.damaged("its recurrent layers have no past");
    const bool square = shape.n_head == 0 || shape.n_inner / shape.n_head == shape.n_state;
    if (kind == Recurrence::gated_delta_net && !square)
        metadata.damaged("its recurrent heads have keys and values of different sizes");
    return shape;
}

}  // namespace infinipot
