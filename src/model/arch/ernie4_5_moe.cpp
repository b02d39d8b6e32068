#include "model/decoder.h"

/// `ernie4_5-moe`: ERNIE 4.5 with experts. Like `ernie4_5`, with a mixture of experts behind the
/// first layers, whose router adds a bias to choose, and with shared experts. Source: Baidu-ERNIE
/// Team 2025, "ERNIE 4.5 Technical Report".
namespace infinipot {

ArchitecturePtr make_ernie4_5_moe(const Hparams& hparams, const GgufMetadata& metadata,
                                  WeightLoader& load) {
    const char* step = "interleave_moe_layer_step";
    if (metadata.count(step, hparams.n_layer + 1, 1) != 1)
        metadata.unsupported("layers with and without experts by turns", step);
    return std::make_unique<Decoder>(
        hparams, load,
        BlockLayout{.ffn = FeedForwardKind::experts, .mixture = {.selection_bias = true}});
}

}  // namespace infinipot
