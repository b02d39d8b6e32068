// InfiniPot (Kim et al., EMNLP 2024), §3.3.3 and Appendix B: of the entries that survive, a share
// `novelty` goes to the highest surprisal (NuC, Eq. 4) and the rest to the highest attention mass
// that the catalyst prompt gives (CaP, Eq. 2), separately in every head.
//
// It differs from the paper where the Budget protects entries: the share is of the room that
// protection leaves. With nothing protected the room is |C|, and the share is the paper's T =
// round(alpha |C|).

#include <cmath>
#include <memory>
#include <span>
#include <string>

#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "policy/spec.h"

namespace infinipot {
namespace {

class InfiniPot final : public EvictionPolicy {
   public:
    explicit InfiniPot(float novelty) : novelty_(novelty) {}

    std::string spec() const override {
        return PolicySpec("infinipot", {{"novelty", print_value(novelty_)}}).print();
    }

    Needs needs() const override {
        return {.attention = novelty_ < 1 ? AttentionProbe::catalyst : AttentionProbe::none,
                .surprisal = novelty_ > 0};
    }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        int head = 0;
        for (Keep& keep : heads) {
            if (novelty_ > 0) keep.best(view.surprisal[head], novel(keep.room()));
            if (novelty_ < 1) keep.fill_best(view.attention[head]);
            ++head;
        }
    }

   private:
    int novel(int room) const {
        return static_cast<int>(std::lround(novelty_ * static_cast<float>(room)));
    }

    float novelty_;
};

}  // namespace

PolicyPtr infinipot(InfiniPotOptions options) {
    if (!(options.novelty >= 0 && options.novelty <= 1)) {  // NaN too
        throw Error(
            ErrorCode::invalid_argument,
            "policy infinipot wants novelty from 0 to 1, not " + print_value(options.novelty));
    }
    return std::make_shared<InfiniPot>(options.novelty);
}

}  // namespace infinipot
