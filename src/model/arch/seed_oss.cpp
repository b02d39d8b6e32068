#include "model/decoder.h"

/// `seed_oss`: Seed-OSS. Like `qwen2`; the norm before the feed-forward network has another name.
/// Source: ByteDance Seed 2025, "Seed-OSS".
namespace infinipot {

ArchitecturePtr make_seed_oss(const Hparams& hparams, const GgufMetadata& /*metadata*/,
                              WeightLoader& load) {
    return std::make_unique<Decoder>(hparams, load, BlockLayout{.ffn_norm = "post_attention_norm"});
}

}  // namespace infinipot
