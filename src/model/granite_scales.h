#pragma once

#include "gguf/metadata.h"

namespace infinipot {

/// The factors of the Granite family, 1 where a file has none or 0, and its switch of RoPE.
struct GraniteScales {
    float embedding, residual;
    float logit;  ///< factor of logits; a file has its inverse
    bool has_rope;
};

inline GraniteScales read_granite_scales(const GgufMetadata& metadata) {
    const auto factor = [&](const char* key) {
        const float value = metadata.number(key, 0.0f);
        return value == 0 ? 1.0f : value;
    };
    return {factor("embedding_scale"), factor("residual_scale"), 1.0f / factor("logit_scale"),
            metadata.flag("rope.scaling.finetuned", true)};
}

}  // namespace infinipot
