#include "support/policy_cases.h"

#include "support/tiny_recurrent.h"
#include "tensor/kernels/attention/attention.h"

namespace infinipot {
namespace {

using enum Schedule;
using Attention = ReferenceSession::Attention;
using methods::Layer;
using methods::Weight;

constexpr methods::InfiniPot as_in_the_paper{.shared = 0, .kernel = 1, .novelty_kernel = 1};

methods::Chosen default_infinipot(const Layer& layer) { return methods::infinipot(layer, {}); }

}  // namespace

const std::vector<PolicyCase> policy_cases = {
    // As their sources run them.
    {.name = "streaming_llm",
     .spec = "streaming_llm",
     .method = [](const Layer& l) { return methods::streaming_llm(l, 4); },
     .schedule = per_token},
    {.name = "swa",
     .spec = "swa",
     .method = methods::most_recent,
     .schedule = per_token,
     .positions = Positions::keep},
    {.name = "h2o",
     .spec = "h2o",
     .method = [](const Layer& l) { return methods::h2o(l, -1); },
     .schedule = per_token,
     .attention = Attention::of_all_queries},
    {.name = "h2o_four_heavy_hitters",
     .spec = "h2o:recent=28",
     .method = [](const Layer& l) { return methods::h2o(l, 28); },
     .schedule = per_token,
     .attention = Attention::of_all_queries},
    {.name = "h2o_vatp",
     .spec = "h2o:value_norm=l1",
     .method = [](const Layer& l) { return methods::h2o(l, -1, Weight::l1); },
     .schedule = per_token,
     .attention = Attention::of_all_queries,
     .protect_first = 3},
    {.name = "tova",
     .spec = "tova",
     .method = [](const Layer& l) { return methods::tova(l); },
     .schedule = per_token,
     .positions = Positions::keep},
    {.name = "tova_weighted",
     .spec = "tova:value_norm=l2",
     .method = [](const Layer& l) { return methods::tova(l, Weight::l2); },
     .schedule = per_token,
     .positions = Positions::keep,
     .protect_recent = 4},
    {.name = "sirllm",
     .spec = "sirllm:recent=6",
     .method = [](const Layer& l) { return methods::sirllm(l, 4, 6); }},
    {.name = "snapkv",
     .spec = "snapkv:window=8",
     .method = [](const Layer& l) { return methods::snapkv(l, 8, 5, false); },
     .schedule = at_end,
     .positions = Positions::keep,
     .n_queries = 8},
    {.name = "snapkv_maximum",
     .spec = "snapkv:window=4,pool=7,pooling=maximum,value_norm=l1",
     .method = [](const Layer& l) { return methods::snapkv(l, 4, 7, true, Weight::l1); },
     .schedule = at_end,
     .positions = Positions::keep,
     .n_queries = 4},
    {.name = "infinipot",
     .spec = "infinipot",
     .method = default_infinipot,
     .attention = Attention::of_catalyst},
    {.name = "infinipot_protected",
     .spec = "infinipot:novelty=0.3",
     .method = [](const Layer& l) { return methods::infinipot(l, {.novelty = 0.3}); },
     .attention = Attention::of_catalyst,
     .protect_first = 4,
     .protect_recent = 6},
    {.name = "infinipot_catalyst_alone",
     .spec = "infinipot:novelty=0",
     .method = [](const Layer& l) { return methods::infinipot(l, {.novelty = 0}); },
     .attention = Attention::of_catalyst},
    {.name = "infinipot_novelty_alone",
     .spec = "infinipot:novelty=1",
     .method = [](const Layer& l) { return methods::infinipot(l, {.novelty = 1}); }},
    {.name = "infinipot_as_in_the_paper",
     .spec = "infinipot:share=none,pool=1,novelty_pool=1",
     .method = [](const Layer& l) { return methods::infinipot(l, as_in_the_paper); },
     .attention = Attention::of_catalyst},
    {.name = "infinipot_pooled",
     .spec = "infinipot:pool=3,novelty_pool=5",
     .method =
         [](const Layer& l) { return methods::infinipot(l, {.kernel = 3, .novelty_kernel = 5}); },
     .attention = Attention::of_catalyst},
    {.name = "infinipot_shared_by_a_layer",
     .spec = "infinipot:share=heads,pool=7,novelty_pool=1",
     .method =
         [](const Layer& l) {
             return methods::infinipot(l, {.shared = 1, .kernel = 7, .novelty_kernel = 1});
         },
     .attention = Attention::of_catalyst},
    {.name = "infinipot_not_carried",
     .spec = "infinipot:carried=no",
     .method = [](const Layer& l) { return methods::infinipot(l, {.carried = false}); },
     .attention = Attention::of_catalyst},
    {.name = "infinipot_without_catalyst",
     .spec = "infinipot:probe=last",
     .method = default_infinipot},
    {.name = "infinipot_weighted",
     .spec = "infinipot:value_norm=l1,share=heads",
     .method =
         [](const Layer& l) { return methods::infinipot(l, {.shared = 1, .weight = Weight::l1}); },
     .attention = Attention::of_catalyst},
    {.name = "keydiff",
     .spec = "keydiff",
     .method = [](const Layer& l) { return methods::keydiff(l, 0); }},
    {.name = "expected_attention",
     .spec = "expected_attention",
     .method = [](const Layer& l) { return methods::expected_attention(l, 4, 0, Weight::l2); },
     .expects = true,
     .sinks = 4},
    {.name = "expected_attention_alone",
     .spec = "expected_attention:sinks=0,epsilon=0.01,value_norm=none",
     .method =
         [](const Layer& l) {
             return methods::expected_attention(l, 0, static_cast<double>(0.01f), Weight::none);
         },
     .expects = true},
    {.name = "l2norm", .spec = "l2norm", .method = methods::lowest_norm},
    {.name = "random",
     .spec = "random:seed=3",
     .method = [](const Layer& l) { return methods::lots(l, 3); }},

    // In chunks, as InfiniPot's Table 1 runs them.
    {.name = "streaming_llm_when_full",
     .spec = "streaming_llm",
     .method = [](const Layer& l) { return methods::streaming_llm(l, 4); },
     .as_in_source = false},
    {.name = "swa_when_full", .spec = "swa", .method = methods::most_recent, .as_in_source = false},
    {.name = "h2o_when_full",
     .spec = "h2o",
     .method = [](const Layer& l) { return methods::h2o(l, -1); },
     .as_in_source = false,
     .attention = Attention::of_all_queries},
    {.name = "tova_when_full",
     .spec = "tova",
     .method = [](const Layer& l) { return methods::tova(l); },
     .as_in_source = false},
    {.name = "snapkv_when_full",
     .spec = "snapkv:window=8",
     .method = [](const Layer& l) { return methods::snapkv(l, 8, 5, false); },
     .as_in_source = false,
     .n_queries = 8},
    {.name = "snapkv_whose_window_is_all_that_is_new",
     .spec = "snapkv:window=24,pool=3",
     .method = [](const Layer& l) { return methods::snapkv(l, 24, 3, false); },
     .as_in_source = false,
     .n_queries = 24},
    {.name = "infinipot_positions_kept",
     .spec = "infinipot",
     .method = default_infinipot,
     .positions = Positions::keep,
     .as_in_source = false,
     .attention = Attention::of_catalyst},
    {.name = "keydiff_positions_kept",
     .spec = "keydiff:sinks=2",
     .method = [](const Layer& l) { return methods::keydiff(l, 2); },
     .positions = Positions::keep,
     .as_in_source = false},

    // Per-token eviction, for policies whose sources do otherwise.
    {.name = "h2o_positions_kept",
     .spec = "h2o",
     .method = [](const Layer& l) { return methods::h2o(l, -1); },
     .schedule = per_token,
     .positions = Positions::keep,
     .as_in_source = false,
     .attention = Attention::of_all_queries},
    {.name = "tova_positions_reset",
     .spec = "tova",
     .method = [](const Layer& l) { return methods::tova(l); },
     .schedule = per_token,
     .as_in_source = false},
    {.name = "sirllm_one_by_one",
     .spec = "sirllm",
     .method = [](const Layer& l) { return methods::sirllm(l, 4, 0); },
     .schedule = per_token,
     .as_in_source = false},
    {.name = "infinipot_one_by_one",
     .spec = "infinipot:probe=last,carried=no,share=heads",
     .method =
         [](const Layer& l) { return methods::infinipot(l, {.carried = false, .shared = 1}); },
     .schedule = per_token,
     .as_in_source = false},
    {.name = "keydiff_one_by_one",
     .spec = "keydiff",
     .method = [](const Layer& l) { return methods::keydiff(l, 0); },
     .schedule = per_token,
     .as_in_source = false},
    {.name = "l2norm_one_by_one",
     .spec = "l2norm",
     .method = methods::lowest_norm,
     .schedule = per_token,
     .as_in_source = false},
    {.name = "random_one_by_one",
     .spec = "random",
     .method = [](const Layer& l) { return methods::lots(l, 1); },
     .schedule = per_token,
     .as_in_source = false},

    // At the end, where their sources do otherwise.
    {.name = "snapkv_positions_reset",
     .spec = "snapkv:window=8,pool=1",
     .method = [](const Layer& l) { return methods::snapkv(l, 8, 1, false); },
     .schedule = at_end,
     .as_in_source = false,
     .n_queries = 8},
    // Surprisal alone: the engine does not measure how surprising a question is that it forgets,
    // which averages before the question would show.
    {.name = "infinipot_at_end",
     .spec = "infinipot:carried=no,novelty_pool=1",
     .method =
         [](const Layer& l) {
             return methods::infinipot(l, {.carried = false, .novelty_kernel = 1});
         },
     .schedule = at_end,
     .as_in_source = false,
     .attention = Attention::of_catalyst},
    {.name = "h2o_at_end",
     .spec = "h2o",
     .method = [](const Layer& l) { return methods::h2o(l, -1); },
     .schedule = at_end,
     .as_in_source = false,
     .attention = Attention::of_all_queries},
    {.name = "expected_attention_at_end",
     .spec = "expected_attention",
     .method = [](const Layer& l) { return methods::expected_attention(l, 4, 0, Weight::l2); },
     .schedule = at_end,
     .as_in_source = false,
     .expects = true,
     .sinks = 4},

    // In hybrids, whose recurrent layers keep the past beside the pot.
    {.name = "lfm2_infinipot",
     .spec = "infinipot",
     .method = default_infinipot,
     .attention = Attention::of_catalyst,
     .architecture = "lfm2"},
    {.name = "granite_hybrid_streaming_llm",
     .spec = "streaming_llm",
     .method = [](const Layer& l) { return methods::streaming_llm(l, 4); },
     .schedule = per_token,
     .architecture = "granitehybrid"},
    {.name = "falcon_h1_h2o",
     .spec = "h2o",
     .method = [](const Layer& l) { return methods::h2o(l, -1); },
     .schedule = per_token,
     .attention = Attention::of_all_queries,
     .architecture = "falcon-h1"},
    {.name = "qwen35_snapkv",
     .spec = "snapkv:window=8",
     .method = [](const Layer& l) { return methods::snapkv(l, 8, 5, false); },
     .schedule = at_end,
     .positions = Positions::keep,
     .n_queries = 8,
     .architecture = "qwen35"},
};

TinyModel policy_model_of(const std::string& architecture) {
    TinyModel model = policy_model;
    model.architecture = architecture;
    if (is_hybrid(model)) model.n_layer *= 2;
    if (has_delta_nets(model)) model.n_rot = 16;
    if (architecture == "gpt-oss") {
        // Every token uses all experts, or a rounding would choose another.
        model.n_expert = model.n_expert_used = 2;
        model.n_layer *= 2;  // half of which are local
        model.window = 32;
    }
    return model;
}

double logit_tolerance(Kernels kernels, KvType type) {
    if (type == KvType::q4_0) return kernels == Kernels::ggml ? 0.4 : 1.5;
    if (type == KvType::q8_0) return kernels == Kernels::ggml ? 0.15 : 0.3;
    return kernels == Kernels::ggml || type == KvType::bf16 ? 0.08 : 0.04;
}

bool ggml_attends(Kernels kernels) {
    return kernels == Kernels::ggml ||
           !kernels::attention_supported(GGML_TYPE_Q8_0, policy_model.n_embd_head,
                                         policy_model.n_head / policy_model.n_head_kv);
}

}  // namespace infinipot
