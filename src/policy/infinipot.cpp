// InfiniPot (Kim et al., EMNLP 2024), §3.3.3 and Appendix B. A share `novelty` of the survivors are
// the entries of highest surprisal (NuC, Eq. 4). The others are the entries with the highest
// attention mass from the catalyst prompt (CaP, Eq. 2). Each head chooses.
//
// It differs from the paper if the Budget protects entries: the share is then of the room that
// protection leaves. Without protection the room is |C|, and the share is the paper's T =
// round(alpha |C|).
//
// By default it also differs in keeping whole sentences, the same in all layers. A sentence's
// attention is the highest that any head of any layer gives one of its entries, and its surprisal
// is the mean over its entries. `pool` and `novelty_pool` can be windows instead, as in SnapKV. The
// reasons: few heads look for a fact, and the model does not understand torn text (`share`).
// share=none,pool=1,novelty_pool=1 is the paper's rule. `carried` and `value_norm` are not in the
// paper either. `probe=last` is its "w/o CaP", read as the attention of the last token.

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "infinipot/policies.h"
#include "policy/row.h"
#include "policy/score.h"

namespace infinipot::policies {
namespace {

std::string conflict(const InfiniPotOptions& options) {
    if (options.share != Share::layers || options.value_norm == ValueNorm::none) return {};
    return "cannot share entries among layers, whose values differ, and weigh them by value_norm; "
           "choose share=heads or value_norm=none";
}

const PolicyRow<InfiniPotOptions>& row() {
    static const PolicyRow<InfiniPotOptions> row = {
        .name = "infinipot",
        .summary = "Keeps the most surprising tokens, then the highest attention of the catalyst.",
        .source = "InfiniPot (EMNLP 2024), section 3.3",
        .cost = "The output matrix for every token, and one catalyst pass per distillation.",
        .make = infinipot,
        .options = {option("novelty", &InfiniPotOptions::novelty, between(0, 1),
                           "Share of the room that goes to the highest surprisal."),
                    option("carried", &InfiniPotOptions::carried, {"no", "yes"},
                           "Whether survivors of a distillation still compete by surprisal.")
                        .formerly("carried", {{"0", "no"}, {"1", "yes"}}),
                    option("probe", &InfiniPotOptions::probe, {"catalyst", "last"},
                           "The attention that counts: the catalyst prompt's or the last token's.")
                        .formerly("catalyst", {{"0", "last"}, {"1", "catalyst"}}),
                    option("share", &InfiniPotOptions::share, {"none", "heads", "layers"},
                           "Who keeps the same: the heads of a layer by their sum, all layers by "
                           "the maximum.")
                        .formerly("shared", {{"0", "none"}, {"1", "heads"}, {"2", "layers"}}),
                    option("pool", &InfiniPotOptions::pool, "sentence", odd_number(),
                           "Entries over which the maximum of attention is taken; 1 for none.")
                        .formerly("kernel", {{"0", "sentence"}}),
                    option("novelty_pool", &InfiniPotOptions::novelty_pool, "sentence",
                           odd_number(), "Entries over which surprisal is averaged; 1 for none.")
                        .formerly("novelty_kernel", {{"0", "sentence"}}),
                    value_norm_option<InfiniPotOptions>()},
        .conflict = conflict,
    };
    return row;
}

using Scores = std::vector<float>;

class InfiniPot final : public EvictionPolicy {
   public:
    explicit InfiniPot(InfiniPotOptions options) : options_(options) {}

    std::string spec() const override { return row().spec(options_); }

    Needs needs() const override {
        const bool attends = options_.novelty < 1;
        const auto probe =
            options_.probe == Probe::catalyst ? AttentionProbe::catalyst : AttentionProbe::recent;
        return {.attention = attends ? probe : AttentionProbe::none,
                .n_query = attends && options_.probe == Probe::last ? 1 : 0,
                .across_layers = attends && options_.share == Share::layers,
                .surprisal = options_.novelty > 0,
                .position = reads_sentences(),
                .sentences = reads_sentences(),
                .value_norm = attends ? options_.value_norm : ValueNorm::none};
    }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        const bool attends = options_.novelty < 1;
        const bool shares = attends && options_.share != Share::none;
        const Scores of_all = shares ? shared_attention(view, heads) : Scores();
        for (HeadView head : view.heads(heads)) {
            if (options_.novelty > 0) {
                const int n_novel = std::min(novel_share(head.keep.room()), n_rivals(head));
                head.keep.best(novelty(head), n_novel);
            }
            if (attends) head.keep.fill_best(shares ? of_all : attention(head));
            head.keep.fill_recent();  // if too few entries compete
        }
    }

   private:
    Scores shared_attention(const LayerView& view, std::span<Keep> heads) const {
        const auto of_head = [&](const HeadView& head) { return attention(head); };
        return options_.share == Share::layers ? maximum_over_heads(view, heads, of_head)
                                               : sum_over_heads(view, heads, of_head);
    }

    int novel_share(int room) const {
        return static_cast<int>(std::lround(options_.novelty * static_cast<float>(room)));
    }

    int first_rival(const HeadView& head) const {
        return options_.carried ? 0 : head.n_kv - head.n_new;
    }

    int n_rivals(const HeadView& head) const {
        int n = 0;
        for (int slot = first_rival(head); slot < head.n_kv; ++slot)
            n += head.keep.kept(slot) ? 0 : 1;
        return n;
    }

    Scores novelty(const HeadView& head) const {
        Scores nats = pool(head.surprisal, head, options_.novelty_pool, Pooling::average);
        std::fill_n(nats.begin(), first_rival(head), std::numeric_limits<float>::quiet_NaN());
        return nats;
    }

    Scores attention(const HeadView& head) const {
        return pool(weighted(head.attention, head), head, options_.pool, Pooling::maximum);
    }

    static Scores pool(std::span<const float> values, const HeadView& head,
                       std::optional<int> window, Pooling pooling) {
        return window ? pooled(values, *window, pooling)
                      : pooled_by_sentence(values, head, pooling);
    }

    bool reads_sentences() const {
        return (options_.novelty < 1 && !options_.pool) ||
               (options_.novelty > 0 && !options_.novelty_pool);
    }

    InfiniPotOptions options_;
};

}  // namespace

PolicyPtr infinipot(InfiniPotOptions options) {
    row().check(options);
    return std::make_shared<InfiniPot>(options);
}

AnyPolicyRow infinipot_row() { return row(); }

}  // namespace infinipot::policies
