#include "support/reference_methods.h"

#include <algorithm>
#include <cmath>

namespace infinipot::methods {

namespace {

std::size_t size(int n) { return static_cast<std::size_t>(n); }

/// Those of one head that have been chosen so far.
class Choice {
   public:
    Choice(const Layer& layer, const Head& head)
        : layer_(layer), head_(head), chosen_(head.position.size(), false) {
        for (int i = 0; i < layer.question; ++i) take(n() - 1 - i);
        for (int i = 0; i < layer.protect_first; ++i) take(i);
        for (int i = 0; i < layer.protect_last; ++i) take(n() - 1 - i);
    }

    int n() const { return static_cast<int>(chosen_.size()); }
    int left() const { return layer_.retain - static_cast<int>(std::ranges::count(chosen_, true)); }

    void take(int rank) {
        if (rank >= 0 && rank < n() && left() > 0) chosen_[size(rank)] = true;
    }

    /// One after another, each time the highest score of all that are left; of equals the newest.
    void take_highest(const Numbers& score, int how_many) {
        const Numbers seen = with_ties_moved(score);
        for (int i = 0; i < how_many && left() > 0; ++i) {
            int best = -1;
            for (int rank = 0; rank < n(); ++rank) {
                if (chosen_[size(rank)]) continue;
                if (best < 0 || seen[size(rank)] >= seen[size(best)]) best = rank;
            }
            take(best);
        }
    }

    void take_newest() {
        for (int rank = n() - 1; rank >= 0; --rank) take(rank);
    }

    Ranks ranks() const {
        Ranks result;
        for (int rank = 0; rank < n(); ++rank) {
            if (chosen_[size(rank)]) result.push_back(rank);
        }
        return result;
    }

   private:
    Numbers with_ties_moved(Numbers score) const {
        const auto move = [&](int rank, double by) {
            double& value = score[size(rank)];
            if (std::isfinite(value)) value += by * std::abs(value);
        };
        for (const int rank : head_.raised) move(rank, layer_.epsilon);
        for (const int rank : head_.lowered) move(rank, -layer_.epsilon);
        return score;
    }

    const Layer& layer_;
    const Head& head_;
    std::vector<bool> chosen_;
};

/// Every head chooses for itself.
template <typename Rule>
Chosen each_head(const Layer& layer, Rule rule) {
    Chosen chosen;
    for (std::size_t h = 0; h < layer.heads.size(); ++h) {
        Choice choice(layer, layer.heads[h]);
        rule(choice, layer.heads[h], static_cast<int>(h));
        chosen.push_back(choice.ranks());
    }
    return chosen;
}

Numbers product(Numbers x, const Head& head, Weight weight) {
    if (weight == Weight::none) return x;
    const Numbers& norm = weight == Weight::l1 ? head.value_l1 : head.value_l2;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] *= norm[i];
    return x;
}

Numbers negative(Numbers x) {
    for (double& value : x) value = -value;
    return x;
}

template <typename Score>
Numbers sum_of_heads(const Layer& layer, Score score) {
    Numbers sum(layer.heads[0].attention.size(), 0.0);
    for (const Head& head : layer.heads) {
        const Numbers one = score(head);
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += one[i];
    }
    return sum;
}

void take_oldest(Choice& choice, int how_many) {
    for (int rank = 0; rank < how_many; ++rank) choice.take(rank);
}

}  // namespace

Chosen most_recent(const Layer& layer) {
    return each_head(layer, [](Choice& choice, const Head&, int) { choice.take_newest(); });
}

/// §3.2: the attention sinks, and a window that rolls.
Chosen streaming_llm(const Layer& layer, int sinks) {
    return each_head(layer, [&](Choice& choice, const Head&, int) {
        take_oldest(choice, sinks);
        choice.take_newest();
    });
}

/// All that attention has been given since it was read, and a window that rolls.
Chosen h2o(const Layer& layer, int recent, Weight weight) {
    return each_head(layer, [&](Choice& choice, const Head& head, int) {
        const int window = recent < 0 ? choice.left() / 2 : recent;
        for (int i = 0; i < window; ++i) choice.take(choice.n() - 1 - i);
        choice.take_highest(product(head.attention, head, weight), choice.left());
    });
}

/// All heads of a layer as one.
Chosen tova(const Layer& layer, Weight weight) {
    const Numbers sum = sum_of_heads(
        layer, [&](const Head& head) { return product(head.attention, head, weight); });
    return each_head(
        layer, [&](Choice& choice, const Head&, int) { choice.take_highest(sum, choice.left()); });
}

/// The highest of all; then the sinks; then the newest until nothing is left of the room.
Chosen sirllm(const Layer& layer, int sinks, int recent) {
    return each_head(layer, [&](Choice& choice, const Head& head, int) {
        choice.take_highest(head.surprisal, choice.left() - sinks - recent);
        take_oldest(choice, sinks);
        choice.take_newest();
    });
}

/// avg_pool1d with zeros around, or max_pool1d, over all but the window.
namespace {

/// Returns, for each of the first n scores, the maximum or the average of the scores around it; 0
/// for the others. The average includes places beyond the ends as zeros.
Numbers pooled(const Numbers& score, int n, int kernel, bool maximum) {
    Numbers result(score.size(), 0.0);
    for (int rank = 0; rank < n; ++rank) {
        double sum = 0, largest = 0;
        for (int near = rank - kernel / 2; near <= rank + kernel / 2; ++near) {
            if (near < 0 || near >= n) continue;
            sum += score[size(near)];
            largest = std::max(largest, score[size(near)]);
        }
        result[size(rank)] = maximum ? largest : sum / kernel;
    }
    return result;
}

/// Returns, for each entry, the maximum or the average of its sentence's scores.
Numbers pooled_by_sentence(const Numbers& score, const Head& head, bool maximum) {
    std::vector<Ranks> sentences(1);
    for (int rank = 0; rank < static_cast<int>(score.size()); ++rank) {
        const Ranks& before = sentences.back();
        const std::size_t i = size(rank);
        if (!before.empty() &&
            (head.position[i] != head.position[i - 1] + 1 || before.size() == 64 ||
             (before.size() >= 8 && head.ends_sentence[i - 1]))) {
            sentences.emplace_back();
        }
        sentences.back().push_back(rank);
    }
    Numbers result(score.size());
    for (const Ranks& sentence : sentences) {
        double sum = 0, largest = -INFINITY;
        for (const int rank : sentence) {
            sum += score[size(rank)];
            largest = std::max(largest, score[size(rank)]);
        }
        for (const int rank : sentence) {
            result[size(rank)] = maximum ? largest : sum / static_cast<double>(sentence.size());
        }
    }
    return result;
}

}  // namespace

Chosen snapkv(const Layer& layer, int window, int kernel, bool maximum, Weight weight) {
    return each_head(layer, [&](Choice& choice, const Head& head, int) {
        const Numbers score = product(head.attention, head, weight);
        for (int i = 0; i < window; ++i) choice.take(choice.n() - 1 - i);
        choice.take_highest(pooled(score, choice.n() - window, kernel, maximum), choice.left());
    });
}

Chosen keydiff(const Layer& layer, int sinks) {
    return each_head(layer, [&](Choice& choice, const Head& head, int) {
        take_oldest(choice, sinks);
        choice.take_highest(negative(head.similarity), choice.left());
    });
}

Chosen lowest_norm(const Layer& layer) {
    return each_head(layer, [](Choice& choice, const Head& head, int) {
        choice.take_highest(negative(head.key_length), choice.left());
    });
}

Chosen expected_attention(const Layer& layer, int sinks, double epsilon, Weight weight) {
    return each_head(layer, [&](Choice& choice, const Head& head, int) {
        Numbers attention = head.expected;
        for (double& value : attention) value += epsilon;
        take_oldest(choice, sinks);
        choice.take_highest(product(attention, head, weight), choice.left());
    });
}

/// splitmix64's mixing, over the seed, the layer, the head and the newest entry, and then over each
/// entry; the upper 24 bits are the lot.
Chosen lots(const Layer& layer, int seed) {
    const auto mix = [](std::uint64_t x) {
        x += 0x9e3779b97f4a7c15u;
        x ^= x >> 30;
        x *= 0xbf58476d1ce4e5b9u;
        x ^= x >> 27;
        x *= 0x94d049bb133111ebu;
        return x ^ (x >> 31);
    };
    return each_head(layer, [&](Choice& choice, const Head& head, int h) {
        auto state =
            mix(static_cast<std::uint64_t>(seed) ^ static_cast<std::uint64_t>(layer.number));
        state = mix(state ^ static_cast<std::uint64_t>(h));
        state = mix(state ^ static_cast<std::uint64_t>(head.position.back()));
        Numbers lot;
        for (const std::int64_t position : head.position) {
            lot.push_back(
                static_cast<double>(mix(state ^ static_cast<std::uint64_t>(position)) >> 40));
        }
        choice.take_highest(lot, choice.left());
    });
}

/// §3.3.3: T = round(alpha |C|) by novelty, what is left by attention, both pooled, and the same in
/// all layers unless told otherwise. Without `carried` only new entries can be novel; where they
/// are too few, the rest goes to attention, and without attention to the newest.
Chosen infinipot(const Layer& layer, const InfiniPot& settings) {
    const auto smooth = [](const Numbers& score, const Head& head, int kernel, bool maximum) {
        return kernel == 0 ? pooled_by_sentence(score, head, maximum)
                           : pooled(score, static_cast<int>(score.size()), kernel, maximum);
    };
    const auto attention = [&](const Head& head) {
        return smooth(product(head.attention, head, settings.weight), head, settings.kernel, true);
    };
    const bool attends = settings.novelty < 1;
    Numbers common;
    if (attends && settings.shared == 1) common = sum_of_heads(layer, attention);
    if (attends && settings.shared == 2) {
        common = smooth(layer.most_attention, layer.heads[0], settings.kernel, true);
    }
    return each_head(layer, [&](Choice& choice, const Head& head, int) {
        const auto novel = static_cast<int>(std::lround(settings.novelty * choice.left()));
        const int rivals = settings.carried ? choice.n() : layer.n_new;
        Numbers surprisal = smooth(head.surprisal, head, settings.novelty_kernel, false);
        std::fill_n(surprisal.begin(), choice.n() - rivals, -INFINITY);
        choice.take_highest(surprisal, std::min(novel, rivals));
        if (attends)
            choice.take_highest(settings.shared > 0 ? common : attention(head), choice.left());
        choice.take_newest();
    });
}

}  // namespace infinipot::methods
