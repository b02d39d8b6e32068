#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "infinipot/policy.h"
#include "support/reference.h"
#include "support/reference_methods.h"

namespace infinipot {

/// A method from end to end, on top of Reference: reads token by token, measures everything that
/// any method may want, and lets entries go when the schedule says.
class ReferenceSession {
   public:
    /// Which attention a method is shown.
    enum class Attention { of_catalyst, of_last_queries, of_all_queries };

    struct Settings {
        std::function<methods::Chosen(const methods::Layer&)> method = {};
        Schedule schedule = Schedule::when_full;
        Positions positions = {};
        ggml_type type = GGML_TYPE_F16;
        bool rounds_queries = false;
        int n_averaged = 0;  ///< positions: see Reference::subtract_key_bias(); 0: not called
        std::vector<bool> turns = {};  ///< layers, of the same
        int retain = 0;
        int full_at = 0;      ///< entries, of when_full
        int n_positions = 0;  ///< of per_token with positions reset: then they begin anew
        int protect_first = 0;
        int protect_last = 0;
        Attention attention = Attention::of_last_queries;
        int n_queries = 1;                 ///< of of_last_queries
        std::vector<Token> catalyst = {};  ///< of of_catalyst
        bool expects = false;              ///< whether to estimate attention that is to come
        int sinks = 0;                     ///< which take no part in that
        std::function<bool(Token)> ends_sentence = [](Token) { return false; };
    };

    ReferenceSession(const std::filesystem::path& model, Settings settings);

    /// A token that is there to stay.
    void read(Token token);

    /// Schedule::at_end: the question that decides, which afterwards is in the pot until
    /// forget_question().
    void read_deciding_question(const std::vector<Token>& question);
    /// Any other question.
    void read_question(const std::vector<Token>& question);
    void forget_question();

    const Reference& reference() const { return reference_; }
    const std::vector<double>& logits() const { return reference_.logits(); }
    int n_selections() const { return n_selections_; }

    // --- Ties -----------------------------------------------------------------------------------
    // Rounding may decide between scores that are almost equal. So that one such choice does not
    // make all later ones incomparable, the other side is asked what it has kept: if the rule
    // gives that too once the scores concerned are moved by `epsilon` of themselves, it stands.

    struct Other {
        /// Stream positions that a head holds, in reading order.
        std::function<std::vector<std::int64_t>(int il, int head)> holds = {};
        double epsilon = 0;
    };
    void compare_with(Other other) { other_ = std::move(other); }

    int n_near_ties() const { return n_near_ties_; }               ///< layers that were decided so
    const std::string& difference() const { return difference_; }  ///< the first one; or empty

   private:
    void read_one(Token token);
    void evict(int retain, int question);
    Reference::Scores shown_attention();
    methods::Layer measure(int il, const Reference::Scores& attention) const;
    methods::Head measure_head(int il, int head) const;
    void add_similarity(int il, int head, methods::Numbers& out) const;
    void add_expected(int il, std::vector<methods::Head>& heads) const;
    methods::Chosen choose(methods::Layer layer);

    Settings settings_;
    Reference reference_;
    Reference::Scores received_;           // [layer][head][rank], of all queries
    std::vector<Reference::Scores> last_;  // of each token since the last selection
    std::vector<std::vector<std::vector<std::vector<double>>>> queries_;  // [layer][head] likewise
    std::vector<double> logits_before_question_;
    int n_question_ = 0;
    int n_old_ = 0;
    int n_selections_ = 0;
    Other other_;
    int n_near_ties_ = 0;
    std::string difference_;
};

}  // namespace infinipot
