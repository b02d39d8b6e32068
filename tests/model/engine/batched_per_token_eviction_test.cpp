#include <gtest/gtest.h>

#include "model/access.h"
#include "model/model_impl.h"
#include "support/session_fixture.h"

namespace infinipot {
namespace {

class BatchedPerToken : public ScheduleTest, public testing::WithParamInterface<Way> {
   protected:
    /// Stream positions of all entries in reading order, head by head.
    static std::vector<std::int64_t> held(Session& reader) {
        Session::Impl& impl = Access::impl(reader);
        const CacheShape& shape = impl.cache().shape();
        std::vector<std::int64_t> result;
        for (int index = 0; index < shape.n_layer * shape.n_head_kv; ++index) {
            const auto tags = impl.cache().tags(index / shape.n_head_kv, index % shape.n_head_kv);
            for (const int slot : impl.per_token()->order().slots(index)) {
                result.push_back(tags[static_cast<std::size_t>(slot)].position);
            }
        }
        return result;
    }
};

/// Long enough for positions to start again.
TEST_P(BatchedPerToken, A_batch_keeps_the_entries_that_single_tokens_keep) {
    SessionOptions on_two_threads = options(GetParam());
    on_two_threads.n_threads = 2;
    Session together(model_, on_two_threads), alone = session(GetParam());
    const std::vector<Token> tokens = Access::impl(model_).vocabulary.tokenize(text(800));
    const auto filling = std::span(tokens).first(97), rest = std::span(tokens).subspan(97);
    Access::impl(together).read(filling, true);
    Access::impl(together).read(rest, true);
    Access::impl(alone).read(filling, true);
    for (const Token& token : rest) Access::impl(alone).read({&token, 1}, true);

    EXPECT_EQ(held(together), held(alone));
    EXPECT_EQ(together.stats().distillations, alone.stats().distillations);
    for (std::size_t i = 0; i < Access::impl(together).logits().size(); ++i) {
        ASSERT_NEAR(Access::impl(together).logits()[i], Access::impl(alone).logits()[i], 0.05)
            << "token " << i;
    }
}

INSTANTIATE_TEST_SUITE_P(Ways, BatchedPerToken,
                         testing::Values(Way{"streaming_llm", "streaming_llm"}, Way{"swa", "swa"},
                                         Way{"h2o", "h2o"}, Way{"tova", "tova"},
                                         Way{"h2o_positions_kept", "h2o", {}, Positions::keep},
                                         Way{"keydiff", "keydiff", Schedule::per_token},
                                         Way{"random", "random", Schedule::per_token}),
                         [](const auto& way) { return way.param.name; });

}  // namespace
}  // namespace infinipot
