#pragma once

#include <string>
#include <vector>

#include "base/hash.h"
#include "base/state_archive.h"
#include "engine/plan.h"
#include "infinipot/snapshot.h"

namespace infinipot {

/// A session's plan in a snapshot: every setting that was chosen, and the tokens of frame and
/// catalyst, so that a later version of this program goes on with the same ones.
struct SavedPlan {
    Hash128 model = {};  ///< fingerprint
    std::string policy = {};
    SessionOptions options = {};  ///< nothing is left empty but the policy and the threads
    PromptFrame frame = {};
    std::vector<Token> catalyst = {};
    int n_kv = 0;  ///< entries per head in the KV cache

    void serialize(StateArchive& archive);
};

SavedPlan save_plan(const Plan& plan, const Model::Impl& model, int n_kv);

/// Returns the plan of a snapshot for a model, which must be the one that it was made with.
/// @throws Error(bad_snapshot) for another model, an unknown policy or options that contradict each
/// other
/// @throws Error(invalid_argument) for options that do not fit the snapshot
Plan restore_plan(const SavedPlan& saved, const Model::Impl& model, const RestoreOptions& options);

}  // namespace infinipot
