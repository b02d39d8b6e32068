#include "model/hybrid_decoder.h"

#include <string>

namespace infinipot {

namespace {

template <typename... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};

}  // namespace

HybridDecoder::HybridDecoder(const Hparams& hparams, WeightLoader& load, const BlockLayout& layout,
                             RecurrentLayers recurrent)
    : Decoder(hparams, load, layout), attends_(hparams.attends), shape_(hparams.recurrent) {
    for (int il = 0; il < hparams.n_layer; ++il) {
        RecurrentLayer& layer = recurrent_layers_.emplace_back();
        if (attends(il) && recurrent != RecurrentLayers::all) continue;
        const std::string prefix = "blk." + std::to_string(il);
        if (shape_.kind == Recurrence::short_convolution)
            layer = name_short_convolution(load, prefix, shape_);
        if (shape_.kind == Recurrence::mamba2)
            layer = name_mamba2(load, prefix, shape_, hparams.n_embd);
        if (shape_.kind == Recurrence::gated_delta_net)
            layer = name_gated_delta_net(load, prefix, shape_, hparams.n_embd);
    }
}

std::vector<StateShape> HybridDecoder::state(int il) const {
    if (!recurs(il)) return {};
    std::vector<StateShape> shapes = {
        {.name = "history", .ne = {shape_.n_taps - 1, shape_.n_channels(), 1, 1}}};
    if (shape_.n_state > 0) {
        const int head_size = shape_.n_inner / shape_.n_head;
        shapes.push_back({.name = "memory", .ne = {shape_.n_state, head_size, shape_.n_head, 1}});
    }
    return shapes;
}

ggml_tensor* HybridDecoder::mix(GraphBuilder& g, int il, ggml_tensor* x) const {
    if (!recurs(il)) return attend(g, il, x);
    if (!attends(il)) return recur(g, il, x);
    ggml_tensor* attended = attend(g, il, x);
    return g.add(attended, recur(g, il, x));
}

ggml_tensor* HybridDecoder::recur(GraphBuilder& g, int il, ggml_tensor* x) const {
    const bool remembers = shape_.n_state > 0;
    const LayerState before{.history = g.state(il, 0),
                            .memory = remembers ? g.state(il, 1) : nullptr};
    const Recurred recurred = std::visit(
        Overloaded{
            [](const std::monostate&) { return Recurred{}; },
            [&](const ShortConvolution& layer) { return short_convolution(g, layer, before, x); },
            [&](const Mamba2& layer) { return mamba2(g, layer, eps(), before, x); },
            [&](const GatedDeltaNet& layer) {
                return gated_delta_net(g, layer, eps(), before, x);
            }},
        recurrent_layer(il));
    g.set_state(il, 0, recurred.after.history);
    if (remembers) g.set_state(il, 1, recurred.after.memory);
    return recurred.output;
}

}  // namespace infinipot
