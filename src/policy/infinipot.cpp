// InfiniPot (Kim et al., EMNLP 2024), §3.3.3 and Appendix B: of the entries that survive, a share
// `novelty` goes to the highest surprisal (NuC, Eq. 4) and the rest to the highest attention mass
// that the catalyst prompt gives (CaP, Eq. 2), separately in every head.
//
// It differs from the paper where the Budget protects entries: the share is of the room that
// protection leaves. With nothing protected the room is |C|, and the share is the paper's T =
// round(alpha |C|). And by default it keeps whole sentences, in all layers: a sentence counts as
// much as the most attention that any head of any layer gives one of its entries, and as their mean
// surprisal (`kernel` and `novelty_kernel`, which may be windows instead, as SnapKV's), since few
// heads look for a fact and what is torn is not understood (`shared`).
// shared=0,kernel=1,novelty_kernel=1 is the paper's rule. `carried` and `value_norm` are not in the
// paper either, and `catalyst=0` is its "w/o CaP", read as the attention of the last token.

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "policy/score.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

class InfiniPot final : public EvictionPolicy {
   public:
    explicit InfiniPot(InfiniPotOptions options) : options_(options) {}

    std::string spec() const override {
        return PolicySpec("infinipot", {{"novelty", print_value(options_.novelty)},
                                        {"carried", print_value(options_.carried ? 1 : 0)},
                                        {"catalyst", print_value(options_.catalyst ? 1 : 0)},
                                        {"shared", print_value(options_.shared)},
                                        {"kernel", print_value(options_.kernel)},
                                        {"novelty_kernel", print_value(options_.novelty_kernel)},
                                        {"value_norm", print_value(options_.value_norm)}})
            .print();
    }

    Needs needs() const override {
        const bool attends = options_.novelty < 1;
        const auto probe = options_.catalyst ? AttentionProbe::catalyst : AttentionProbe::recent;
        return {.attention = attends ? probe : AttentionProbe::none,
                .n_query = attends && !options_.catalyst ? 1 : 0,
                .across_layers = attends && options_.shared == 2,
                .surprisal = options_.novelty > 0,
                .position = reads_sentences(),
                .sentences = reads_sentences(),
                .value_norm = attends ? options_.value_norm : 0};
    }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        std::vector<float> of_all_heads;
        const auto of_head = [&](int head) { return attention(view, head); };
        if (options_.novelty < 1 && options_.shared > 0)
            of_all_heads = options_.shared == 2 ? most(view, of_head) : summed(view, of_head);
        int head = 0;
        for (Keep& keep : heads) {
            if (options_.novelty > 0) {
                const int n_novel = std::min(share(keep.room()), n_rivals(view, keep));
                keep.best(novelty(view, head), n_novel);
            }
            if (options_.novelty < 1)
                keep.fill_best(options_.shared > 0 ? of_all_heads : attention(view, head));
            keep.fill_recent();  // for lack of rivals
            ++head;
        }
    }

   private:
    int share(int room) const {
        return static_cast<int>(std::lround(options_.novelty * static_cast<float>(room)));
    }

    int first_rival(const LayerView& view) const {
        return options_.carried ? 0 : view.n_kv - view.n_new;
    }

    int n_rivals(const LayerView& view, const Keep& keep) const {
        int n = 0;
        for (int slot = first_rival(view); slot < view.n_kv; ++slot) n += keep.kept(slot) ? 0 : 1;
        return n;
    }

    std::vector<float> novelty(const LayerView& view, int head) const {
        std::vector<float> nats(view.surprisal[head].begin(), view.surprisal[head].end());
        nats = smooth(nats, view, head, options_.novelty_kernel, Pooling::average);
        std::fill_n(nats.begin(), first_rival(view), std::numeric_limits<float>::quiet_NaN());
        return nats;
    }

    std::vector<float> attention(const LayerView& view, int head) const {
        return smooth(weighted(view.attention[head], view, head), view, head, options_.kernel,
                      Pooling::maximum);
    }

    static std::vector<float> smooth(std::span<const float> values, const LayerView& view, int head,
                                     int kernel, Pooling pooling) {
        return kernel == 0 ? pooled_by_sentence(values, view, head, pooling)
                           : pooled(values, kernel, pooling);
    }

    bool reads_sentences() const {
        return (options_.novelty < 1 && options_.kernel == 0) ||
               (options_.novelty > 0 && options_.novelty_kernel == 0);
    }

    InfiniPotOptions options_;
};

void check_reach(const std::string& what, int kernel) {
    if (kernel == 0 || (kernel > 0 && kernel % 2 == 1)) return;
    throw Error(ErrorCode::invalid_argument, "policy infinipot wants an odd " + what +
                                                 ", or 0 for whole sentences, not " +
                                                 print_value(kernel));
}

}  // namespace

PolicyPtr infinipot(InfiniPotOptions options) {
    if (!(options.novelty >= 0 && options.novelty <= 1)) {  // NaN too
        throw Error(
            ErrorCode::invalid_argument,
            "policy infinipot wants novelty from 0 to 1, not " + print_value(options.novelty));
    }
    check_reach("kernel", options.kernel);
    check_reach("novelty_kernel", options.novelty_kernel);
    check_value_norm("infinipot", options.value_norm);
    if (options.shared < 0 || options.shared > 2) {
        throw Error(
            ErrorCode::invalid_argument,
            "policy infinipot wants shared of 0, 1 or 2, not " + print_value(options.shared));
    }
    if (options.shared == 2 && options.value_norm > 0) {
        throw Error(ErrorCode::invalid_argument,
                    "policy infinipot cannot share entries among layers, whose values differ, and "
                    "weigh them by value_norm; choose shared=1 or value_norm=0");
    }
    return std::make_shared<InfiniPot>(options);
}

}  // namespace infinipot
