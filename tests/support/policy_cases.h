#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "infinipot/kv_type.h"
#include "infinipot/model.h"
#include "infinipot/policy.h"
#include "support/reference_methods.h"
#include "support/reference_session.h"
#include "support/tiny_model.h"

namespace infinipot {

/// A policy, how it is run, and the plain reference of its method.
struct PolicyCase {
    const char* name;
    const char* spec;
    std::function<methods::Chosen(const methods::Layer&)> method;
    Schedule schedule = Schedule::when_full;
    Positions positions = Positions::reset;
    bool as_in_source = true;  ///< whether these are what the policy does if nothing is said
    ReferenceSession::Attention attention = ReferenceSession::Attention::of_last_queries;
    int n_queries = 1;
    bool expects = false;
    int sinks = 0;
    int protect_first = 0, protect_recent = 0;
    const char* architecture = "llama";
};

inline void PrintTo(const PolicyCase& c, std::ostream* out) { *out << c.spec; }

extern const std::vector<PolicyCase> policy_cases;

/// The model that engine and reference run.
inline const TinyModel policy_model = model_for_reference();
inline const TinyModel policy_model_with_key_bias = [] {
    TinyModel model = model_for_reference();
    model.architecture = "qwen2";
    model.large_key_bias = true;
    return model;
}();

/// Returns the same with another architecture and, if half of its layers are not in the pot, twice
/// as many layers.
TinyModel policy_model_of(const std::string& architecture);

/// Returns the largest difference that rounding may make between logits of engine and reference,
/// whose standard deviation is about 3. ggml's kernels round more than ours. With other types than
/// f16 the reference rounds every number as the engine does. A number that lies half-way may still
/// be rounded the other way, by a whole step. q8_0 alone moves logits by up to 1, and q4_0 by up to
/// 6.
double logit_tolerance(Kernels kernels, KvType type = KvType::f16);

/// Returns whether queries meet quantised keys as ggml wants it: rounded as well.
bool ggml_attends(Kernels kernels);

}  // namespace infinipot
