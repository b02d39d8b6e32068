#include <gtest/gtest.h>

#include <algorithm>

#include "cache/kv_type.h"
#include "engine/session_impl.h"
#include "infinipot/infinipot.h"
#include "model/access.h"
#include "model/model_impl.h"
#include "support/largest_difference.h"
#include "support/policy_cases.h"
#include "support/random_tokens.h"
#include "support/temp_dir.h"

// The policies that evict nothing, against the plain reference.

namespace infinipot {
namespace {

const TinyModel& tiny = policy_model;

class UnboundedPolicyTest : public testing::TestWithParam<Kernels> {
   protected:
    UnboundedPolicyTest()
        : path_(write_tiny_model(tiny, folder_.path())),
          model_(Model::load(path_, {.kernels = GetParam()})) {}

    /// Uses a model whose keys have a large bias from now on.
    void use_key_bias() {
        path_ = write_tiny_model(policy_model_with_key_bias, folder_.path(), "biased.gguf");
        model_ = Model::load(path_, {.kernels = GetParam()});
        subtracts_ = true;
    }

    SessionOptions options(const char* spec, KvType type = KvType::f16) const {
        SessionOptions result;
        result.kv_type = type;
        result.budget = {.capacity = 128, .retain = 32, .reserve = 16};
        result.policy = make_policy(spec);
        result.framing = Framing::raw;
        result.n_batch = 16;
        result.n_threads = 1;
        return result;
    }

    /// The largest difference of logits after each of several stretches of tokens.
    double difference(const char* spec, const Positions& positions, KvType type = KvType::f16) {
        Session session(model_, options(spec, type));
        Session::Impl& impl = Access::impl(session);
        Reference reference(path_);
        reference.store_as(ggml_type_of(type),
                           ggml_attends(GetParam()) || positions.rule == Positions::grouped);
        if (subtracts_) reference.subtract_key_bias(128, {true, false});
        reference.set_positions(positions);
        double worst = 0;
        for (unsigned stretch = 0; stretch < 4; ++stretch) {
            const auto tokens = random_tokens(25, tiny.n_vocab, stretch);
            impl.read(tokens, true);
            for (const Token token : tokens) reference.read(token);
            worst = std::max(worst, largest_difference(impl.logits(), reference.logits()));
        }
        return worst;
    }

    TempDir folder_;
    std::filesystem::path path_;
    Model model_;
    bool subtracts_ = false;  // the key bias, before it rounds keys
};

TEST_P(UnboundedPolicyTest, Full_has_the_logits_of_the_plain_reference) {
    EXPECT_LE(difference("full", Positions::reset), logit_tolerance(GetParam()));
}

/// A distance that is wrong by one changes a logit by 0.5 and more.
TEST_P(UnboundedPolicyTest, Self_extend_has_the_logits_of_the_plain_reference) {
    EXPECT_LE(difference("self_extend:group=4,neighbours=16", Positions::in_groups(4, 16)),
              logit_tolerance(GetParam()));
    EXPECT_LE(difference("self_extend:group=3,neighbours=10", Positions::in_groups(3, 10)),
              logit_tolerance(GetParam()))
        << "a group that does not divide the neighbours";
    EXPECT_GE(difference("self_extend:group=3,neighbours=10", Positions::in_groups(3, 11)), 0.5);
}

TEST_P(UnboundedPolicyTest, Full_and_self_extend_match_the_plain_reference_for_every_KV_type) {
    for (const KvType type : {KvType::bf16, KvType::q8_0, KvType::q4_0}) {
        const double tolerance = logit_tolerance(GetParam(), type);
        EXPECT_LE(difference("full", Positions::reset, type), tolerance) << to_string(type);
        EXPECT_LE(
            difference("self_extend:group=3,neighbours=10", Positions::in_groups(3, 10), type),
            tolerance)
            << to_string(type);
    }
}

TEST_P(UnboundedPolicyTest, Full_and_self_extend_match_the_plain_reference_with_a_large_key_bias) {
    use_key_bias();
    for (const KvType type : {KvType::q8_0, KvType::q4_0}) {
        const double tolerance = logit_tolerance(GetParam(), type);
        EXPECT_LE(difference("full", Positions::reset, type), tolerance) << to_string(type);
        EXPECT_LE(
            difference("self_extend:group=3,neighbours=10", Positions::in_groups(3, 10), type),
            tolerance)
            << to_string(type);
    }
}

/// The bias costs no precision: a pot that rounds keys with it is off by more than twice as much.
TEST_P(UnboundedPolicyTest, Full_subtracts_a_large_key_bias_before_it_rounds) {
    use_key_bias();
    const auto tokens = random_tokens(100, tiny.n_vocab);
    Reference exact(path_);
    for (const Token token : tokens) exact.read(token);
    for (const KvType type : {KvType::q8_0, KvType::q4_0}) {
        Session session(model_, options("full", type));
        Access::impl(session).read(tokens, true);
        Reference with_bias(path_);
        with_bias.store_as(ggml_type_of(type), false);
        for (const Token token : tokens) with_bias.read(token);
        const double error = largest_difference(Access::impl(session).logits(), exact.logits());
        std::vector<float> rounded(with_bias.logits().begin(), with_bias.logits().end());
        EXPECT_LT(2 * error, largest_difference(rounded, exact.logits())) << to_string(type);
    }
}

TEST_P(UnboundedPolicyTest, Self_extend_is_full_attention_if_all_tokens_are_neighbours) {
    Session grouped(model_, options("self_extend:group=4,neighbours=100"));
    Session plain(model_, options("full"));
    const auto tokens = random_tokens(100, tiny.n_vocab);
    Access::impl(grouped).read(tokens, true);
    Access::impl(plain).read(tokens, true);
    EXPECT_LE(largest_difference(Access::impl(grouped).logits(), Access::impl(plain).logits()),
              logit_tolerance(GetParam()));
    const auto more = random_tokens(8, tiny.n_vocab);
    Access::impl(grouped).read(more, true);
    Access::impl(plain).read(more, true);
    EXPECT_GE(largest_difference(Access::impl(grouped).logits(), Access::impl(plain).logits()), 0.1)
        << "now the first are none";
}

TEST_P(UnboundedPolicyTest, Truncate_has_the_logits_of_the_plain_reference_on_both_halves) {
    Session session(model_, options("truncate"));
    Session::Impl& impl = Access::impl(session);
    std::string text;
    for (int i = 0; i < 400; ++i) text += static_cast<char>('a' + i * i % 23);
    auto tokens = Access::impl(model_).vocabulary.stream_start();
    const auto words = Access::impl(model_).vocabulary.tokenize(text);
    tokens.insert(tokens.end(), words.begin(), words.end());
    ASSERT_GT(tokens.size(), 200u);
    session.ingest(text);
    session.flush();
    Reference reference(path_);
    const std::size_t half = (128 - 16) / 2;
    for (std::size_t i = 0; i < half; ++i) reference.read(tokens[i]);
    for (std::size_t i = tokens.size() - half; i < tokens.size(); ++i) reference.read(tokens[i]);
    const auto question = random_tokens(5, tiny.n_vocab);
    impl.read(question, false);
    for (const Token token : question) reference.read(token);
    EXPECT_EQ(impl.cache().n(), reference.n());
    EXPECT_LE(largest_difference(impl.logits(), reference.logits()), logit_tolerance(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Kernels, UnboundedPolicyTest,
                         testing::Values(Kernels::ggml, Kernels::native),
                         [](const auto& test_case) {
                             return test_case.param == Kernels::ggml ? "ggml" : "native";
                         });

}  // namespace
}  // namespace infinipot
