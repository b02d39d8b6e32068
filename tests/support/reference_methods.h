#pragma once

#include <cstdint>
#include <vector>

/// The selection rule of every method, plainly and for itself: from lists of numbers to the ranks
/// that survive, a rank being a place in reading order. Nothing here knows of the engine or of its
/// policies.
namespace infinipot::methods {

using Numbers = std::vector<double>;
using Ranks = std::vector<int>;  ///< ascending

/// The measurements of the entries of one head, oldest first.
struct Head {
    Numbers attention = {};  ///< as the method is shown it
    Numbers surprisal = {};
    Numbers key_length = {};
    Numbers value_l1 = {}, value_l2 = {};
    Numbers similarity = {};  ///< of the rotated key to the mean direction of all
    Numbers expected = {};    ///< attention of the queries to come
    std::vector<std::int64_t> position = {};
    std::vector<bool> ends_sentence = {};

    /// To see whether a choice hangs on rounding: ranks whose scores count as a little higher, and
    /// as a little lower, than they are.
    Ranks raised = {}, lowered = {};
};

/// One layer when entries must leave.
struct Layer {
    int number = 0;
    std::vector<Head> heads = {};
    int n_new = 0;          ///< so many of the newest have not been chosen among yet
    int retain = 0;         ///< survivors of each head
    int protect_first = 0;  ///< that survive whatever a method says
    int protect_last = 0;
    int question = 0;             ///< so many of the newest are a question, which survives as well
    double epsilon = 0;           ///< share of a score by which raised and lowered ones differ
    Numbers most_attention = {};  ///< that any head of any layer gives
};

/// The kept entries of each head.
using Chosen = std::vector<Ranks>;

enum class Weight { none, l1, l2 };  ///< of values, by which attention is multiplied

Chosen most_recent(const Layer& layer);
Chosen streaming_llm(const Layer& layer, int sinks);
Chosen h2o(const Layer& layer, int recent, Weight weight = Weight::none);  ///< recent -1: half
Chosen tova(const Layer& layer, Weight weight = Weight::none);
Chosen sirllm(const Layer& layer, int sinks, int recent);
Chosen snapkv(const Layer& layer, int window, int kernel, bool maximum,
              Weight weight = Weight::none);
Chosen keydiff(const Layer& layer, int sinks);
Chosen lowest_norm(const Layer& layer);
Chosen expected_attention(const Layer& layer, int sinks, double epsilon, Weight weight);
Chosen lots(const Layer& layer, int seed);

struct InfiniPot {
    double novelty = 0.5;
    bool carried = true;
    int shared = 2;  ///< by 2 all layers, 1 the heads of a layer, 0 nobody
    int kernel = 0;  ///< 0: the sentence
    int novelty_kernel = 0;
    Weight weight = Weight::none;
};
Chosen infinipot(const Layer& layer, const InfiniPot& settings);

}  // namespace infinipot::methods
