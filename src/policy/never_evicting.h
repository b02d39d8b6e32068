#pragma once

#include "infinipot/error.h"
#include "infinipot/policy.h"

namespace infinipot {

/// Error of a policy that never evicts, when the KV cache is full.
/// @throws Error(does_not_fit)
[[noreturn]] inline void refuse_to_evict(const EvictionPolicy& policy, const LayerView& view) {
    throw Error(ErrorCode::does_not_fit,
                "the text is longer than the KV cache, which is full at " +
                    std::to_string(view.n_kv) + " entries, and policy " + policy.spec() +
                    " never evicts; raise the capacity or choose a policy that evicts, such as "
                    "infinipot");
}

}  // namespace infinipot
