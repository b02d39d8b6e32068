#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numeric>
#include <utility>

#include "cache/kv_type.h"
#include "engine/forward_pass.h"
#include "infinipot/quantize.h"
#include "model/access.h"
#include "support/libllama.h"
#include "support/parity_cases.h"
#include "support/random_tokens.h"
#include "support/reference.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

// Our forward pass against libllama's on the same file, token by token.

namespace infinipot {
namespace {

constexpr int n_ctx = parity_n_ctx;

/// A model, a pot and a forward pass over them.
struct Engine {
    Engine(const std::filesystem::path& path, Kernels kernels, KvType type = KvType::f16,
           int novelty_vocab = 0, int n_batch = n_ctx)
        : model(Model::load(path, {.kernels = kernels, .novelty_vocab = novelty_vocab})),
          backend(1),
          cache(Access::impl(model).size->pot(n_ctx, type), backend.buffer_type()),
          forward(Access::impl(model), backend, cache, {.n_batch = n_batch, .surprisal = true}) {}

    /// Reads one batch; the logits after its last token.
    std::vector<float> read(std::span<const Token> tokens) {
        forward.run(tokens, cache.n());
        cache.append(std::vector<Tag>(tokens.size()));
        forward.advance();
        const auto logits = forward.logits();
        return {logits.begin(), logits.end()};
    }

    Model model;
    Backend backend;
    KvCache cache;
    ForwardPass forward;
};

class Parity : public testing::TestWithParam<ParityCase> {
   protected:
    void SetUp() override { path_ = write_tiny_model(GetParam().model, folder_.path()); }

    TempDir folder_;
    std::filesystem::path path_;
    std::vector<Token> tokens_ = random_tokens(300, GetParam().model.n_vocab);
};

const std::vector<std::vector<int>> splits = {
    {300}, {7, 130, 1, 1, 61, 100}, {1, 299}, {64, 64, 64, 64, 44}, {255, 2, 43}};

/// Calls check(tokens so far, batch) for every batch of the first splits.
void for_every_batch(std::span<const Token> tokens, int n_splits, auto begin, auto check) {
    for (const auto& split : std::span(splits).first(static_cast<std::size_t>(n_splits))) {
        begin();
        std::size_t done = 0;
        for (const int n : split) {
            const auto batch = tokens.subspan(done, static_cast<std::size_t>(n));
            done += batch.size();
            check(done, batch);
        }
    }
}

// In F32 the hidden states are compared bit by bit. Logits are not: those of one row are computed
// otherwise than those of many.
TEST_P(Parity, Hidden_states_and_logits_equal_libllamas_in_the_same_split) {
    std::optional<Engine> ours;
    std::optional<LibLlama> theirs;
    const auto begin = [&] {
        ours.emplace(path_, Kernels::ggml);
        theirs.emplace(path_, n_ctx);
    };
    double worst = 0;
    for_every_batch(tokens_, GetParam().n_splits, begin,
                    [&](std::size_t done, std::span<const Token> batch) {
                        const auto logits = ours->read(batch);
                        worst = std::max(worst, nmse(logits, theirs->decode(batch).back()));
                        if (GetParam().model.type != GGML_TYPE_F32 || GetParam().other_order)
                            return;
                        EXPECT_EQ(ours->forward.preceding_state(), theirs->last_hidden())
                            << "after token " << done;
                    });
    EXPECT_LE(worst, GetParam().tolerance);
    std::cout << "worst NMSE of logits: " << worst << '\n';
}

/// Calls add(logits so far of libllama, ours) for every batch, with native kernels.
void compare_native(const std::filesystem::path& path, std::span<const Token> tokens, int n_splits,
                    auto add) {
    std::optional<Engine> ours;
    std::optional<LibLlama> theirs;
    const auto begin = [&] {
        ours.emplace(path, Kernels::native);
        theirs.emplace(path, n_ctx);
    };
    for_every_batch(tokens, n_splits, begin, [&](std::size_t done, std::span<const Token> batch) {
        add(done, theirs->decode(batch).back(), ours->read(batch));
    });
}

// Split otherwise, a batch is rounded otherwise, and quantised activations make much of that:
// libllama does not agree with itself to the last bit either. By how much is the yardstick; one of
// its batches is the whole, which adds nothing to it.
TEST_P(Parity, Native_kernels_differ_no_more_than_libllama_with_other_batches) {
    if (ggml_blck_size(GetParam().model.type) == 256) return;  // see the next test
    LibLlama whole(path_, n_ctx);
    const auto expected = whole.decode(tokens_);
    double our_error = 0;
    double their_error = 0;
    int n_batches = 0;
    compare_native(path_, tokens_, GetParam().n_splits,
                   [&](std::size_t done, const auto& theirs, const auto& ours) {
                       our_error += nmse(ours, expected[done - 1]);
                       their_error += nmse(theirs, expected[done - 1]);
                       ++n_batches;
                   });
    constexpr double another_expert = 1e-3;
    const double tolerance = GetParam().chooses_experts()
                                 ? std::max(another_expert, 16 * their_error / n_batches)
                                 : std::max(GetParam().tolerance, 4 * their_error / n_batches);
    EXPECT_LE(our_error / n_batches, tolerance);
}

// libllama rounds activations in blocks of 256 for K-quants, native kernels in blocks of 32.
TEST_P(Parity, Native_kernels_are_as_near_to_the_same_weights_in_f32_as_libllama) {
    if (ggml_blck_size(GetParam().model.type) != 256) return;
    const std::filesystem::path dequantized = folder_.path() / "f32.gguf";
    requantize(path_, dequantized, "f32", 1);
    LibLlama exact(dequantized, n_ctx);
    const auto expected = exact.decode(tokens_);
    double our_error = 0;
    double their_error = 0;
    compare_native(path_, tokens_, GetParam().n_splits,
                   [&](std::size_t done, const auto& theirs, const auto& ours) {
                       our_error += nmse(ours, expected[done - 1]);
                       their_error += nmse(theirs, expected[done - 1]);
                   });
    std::cout << "NMSE, sum of all batches: " << our_error << ", libllama's " << their_error
              << '\n';
    EXPECT_LE(our_error, GetParam().chooses_experts() ? 4 * their_error : their_error);
}

TEST_P(Parity, Surprisal_is_minus_log_of_libllamas_probability) {
    LibLlama theirs(path_, n_ctx);
    const auto logits = theirs.decode(tokens_);
    Engine ours(path_, Kernels::ggml);
    ours.forward.run(tokens_, 0);
    std::vector<float> nats(tokens_.size());
    ours.forward.surprisal(tokens_, nats);
    for (std::size_t t = 1; t < tokens_.size(); ++t) {
        double sum = 0;
        for (const float logit : logits[t - 1]) sum += std::exp(static_cast<double>(logit));
        const double expected = std::log(sum) - logits[t - 1][static_cast<std::size_t>(tokens_[t])];
        ASSERT_NEAR(nats[t], expected, 0.05 * std::sqrt(GetParam().tolerance / 1e-6)) << t;
    }
}

// As if there were no tokens but the frequent ones and the one that came.
TEST_P(Parity, Surprisal_against_some_tokens_equals_libllamas_softmax_over_them) {
    if (GetParam().chooses_experts()) GTEST_SKIP() << "other experts may be chosen";
    // libllama rounds activations otherwise for K-quants.
    const double tolerance = (ggml_blck_size(GetParam().model.type) == 256 ? 0.3 : 0.1) *
                             std::sqrt(GetParam().tolerance / 1e-6);
    for (const int wanted : {100, 0}) {
        Engine ours(path_, Kernels::native, KvType::f16, wanted);
        const Model::Impl& model = Access::impl(ours.model);
        if (!model.architecture->sums_logits()) GTEST_SKIP() << "no kernel sums up its logits";
        ASSERT_EQ(model.frequent_panels.size(), wanted == 0 ? 0U : 4U);  // of 32 tokens
        LibLlama theirs(path_, n_ctx);
        const auto logits = theirs.decode(tokens_);
        ours.forward.run(tokens_, 0);
        std::vector<float> nats(tokens_.size());
        ours.forward.surprisal(tokens_, nats);
        std::size_t n_summed = 0;
        for (std::size_t t = 1; t < tokens_.size(); ++t) {
            const auto& row = logits[t - 1];
            const double own = row[static_cast<std::size_t>(tokens_[t])];
            double sum = model.is_summed(tokens_[t]) ? 0 : 1;
            for (std::size_t token = 0; token < row.size(); ++token)
                if (model.is_summed(static_cast<Token>(token))) sum += std::exp(row[token] - own);
            ASSERT_NEAR(nats[t], std::log(sum), tolerance) << t;
            n_summed += model.is_summed(tokens_[t]) ? 1 : 0;
        }
        EXPECT_GT(n_summed, 0U);
        if (wanted != 0) {
            EXPECT_LT(n_summed, tokens_.size() - 1);
        }
    }
}

// Generates greedily, token by token.
TEST_P(Parity, Greedy_tokens_equal_libllamas) {
    LibLlama theirs(path_, n_ctx);
    Engine ours(path_, Kernels::ggml);
    const auto best = [](const std::vector<float>& logits) {
        return static_cast<Token>(std::ranges::max_element(logits) - logits.begin());
    };
    const auto prompt = std::span(tokens_).first(100);
    Token expected = best(theirs.decode(prompt).back());
    Token chosen = best(ours.read(prompt));
    for (int i = 0; i < 32; ++i) {
        ASSERT_EQ(chosen, expected) << "after token " << i;
        expected = best(theirs.decode({&expected, 1}).back());
        chosen = best(ours.read({&chosen, 1}));
    }
}

// Whole vocabularies, and a text that goes through all of ours: Model::tokenize, embedding, logits.
TEST(ParityOfRealVocabularies, Logits_and_next_token_equal_libllamas) {
    const std::string text =
        "\n\tIt was 1894, \"quite late\"; who'd come? Grüße, 世界!\n\nÇa va: x = y_2[3] * 0x1F;";
    const auto shape = [](const char* architecture, const char* vocabulary) {
        const bool tied = architecture != std::string("phi3");
        const bool is_hybrid = architecture == std::string("qwen35");
        return TinyModel{.architecture = architecture,
                         .n_layer = is_hybrid ? 2 : 1,
                         .n_embd = 32,
                         .n_head = 1,
                         .n_head_kv = 1,
                         .n_embd_head = 32,
                         .n_ff = 32,
                         .tied = tied,
                         .type = GGML_TYPE_Q8_0,
                         .vocabulary = vocabulary};
    };
    for (const TinyModel& model : {shape("llama", "llama-bpe"), shape("qwen2", "qwen2"),
                                   shape("phi3", "phi-3"), shape("command-r", "command-r"),
                                   shape("starcoder2", "starcoder"), shape("qwen35", "qwen35")}) {
        const TempDir folder;
        const auto path = write_tiny_model(model, folder.path());
        Engine ours(path, Kernels::ggml);
        LibLlama theirs(path, n_ctx);
        const auto tokens = ours.model.tokenize(text);
        EXPECT_GT(tokens.size(), 20u) << model.vocabulary;
        const auto logits = ours.read(tokens);
        const auto expected = theirs.decode(tokens).back();
        EXPECT_LE(nmse(logits, expected), 1e-6) << model.vocabulary;
        EXPECT_EQ(std::ranges::max_element(logits) - logits.begin(),
                  std::ranges::max_element(expected) - expected.begin());
    }
}

// libllama multiplies experts of Q4_K in another layout than Kernels::ggml and adds in another
// order. In one layer that is all. In later ones activations are rounded to eight bits, and one
// that lies half-way goes the other way. The choice of experts has no part in it: with all of them
// the difference is as large.
TEST(ParityOfExperts, Logits_of_one_layer_equal_libllamas_in_Q4_K) {
    const auto tokens = random_tokens(300, 512);
    for (const char* architecture : {"olmoe", "gpt-oss"}) {
        for (const auto& [n_layer, n_expert_used] : {std::pair(1, 3), std::pair(2, 8)}) {
            const TempDir folder;
            const auto path =
                write_tiny_model({.architecture = architecture,
                                  .n_layer = n_layer,
                                  .n_embd = 256,
                                  .n_head = 2,
                                  .n_head_kv = 2,
                                  .n_embd_head = 128,
                                  .n_ff = 256,
                                  .n_expert = 8,
                                  .n_expert_used = n_expert_used,
                                  .window = architecture == std::string("gpt-oss") ? 64 : 0,
                                  .type = GGML_TYPE_Q4_K},
                                 folder.path());
            std::optional<Engine> ours;
            std::optional<LibLlama> theirs;
            double worst = 0;
            const auto begin = [&] {
                ours.emplace(path, Kernels::ggml);
                theirs.emplace(path, n_ctx);
            };
            for_every_batch(tokens, 2, begin, [&](std::size_t, std::span<const Token> batch) {
                worst = std::max(worst, nmse(ours->read(batch), theirs->decode(batch).back()));
            });
            EXPECT_LE(worst, n_layer == 1 ? 1e-10 : 1e-3) << architecture;
            std::cout << architecture << ", " << n_expert_used << " of 8 experts, " << n_layer
                      << " layers: NMSE of logits " << worst << '\n';
        }
    }
}

// Our cache holds keys without the weights of the norm, which multiply the queries instead. If the
// weights are no powers of two, other numbers are rounded to F16 than in libllama. Exact arithmetic
// says which of both errs more.
TEST(ParityOfNormsAfterRope, Logits_are_as_near_to_exact_ones_as_libllamas) {
    const TempDir folder;
    const auto path = write_tiny_model({.architecture = "hunyuan-dense",
                                        .n_layer = 3,
                                        .n_embd = 128,
                                        .n_embd_head = 128,
                                        .even_head_norms = false},
                                       folder.path());
    const auto tokens = random_tokens(200, 512);
    Reference exact(path);
    exact.store_as(GGML_TYPE_F32, false);
    Engine ours(path, Kernels::ggml);
    LibLlama theirs(path, n_ctx);
    double our_error = 0, their_error = 0;
    for (const Token token : tokens) {
        exact.read(token);
        const std::vector<float> expected(exact.logits().begin(), exact.logits().end());
        our_error += nmse(ours.read({&token, 1}), expected);
        their_error += nmse(theirs.decode({&token, 1}).back(), expected);
    }
    EXPECT_LE(our_error, 2 * their_error);
    std::cout << "mean NMSE against exact logits: ours " << our_error / 200 << ", libllama's "
              << their_error / 200 << '\n';
}

// libllama transforms quantised keys and values as well, if heads are multiples of 64. Values it
// transforms in blocks of 64 whatever their size, so that heads of 64 alone can be compared.
class ParityOfKvTypes : public testing::TestWithParam<std::tuple<int, KvType>> {};

TEST_P(ParityOfKvTypes, Hidden_states_equal_libllamas_with_a_cache_of_the_type) {
    const auto [n_embd_head, type] = GetParam();
    const TempDir folder;
    const auto path = write_tiny_model(
        {.n_layer = 3, .n_embd = 128, .n_head = 4, .n_head_kv = 2, .n_embd_head = n_embd_head},
        folder.path());
    const auto tokens = random_tokens(300, 512);
    std::optional<Engine> ours;
    std::optional<LibLlama> theirs;
    const auto begin = [&] {
        ours.emplace(path, Kernels::ggml, type);
        theirs.emplace(path, n_ctx, 1, ggml_type_of(type));
    };
    for_every_batch(tokens, 5, begin, [&](std::size_t done, std::span<const Token> batch) {
        EXPECT_LE(nmse(ours->read(batch), theirs->decode(batch).back()), 1e-6);
        EXPECT_EQ(ours->forward.preceding_state(), theirs->last_hidden()) << "after token " << done;
    });
}

INSTANTIATE_TEST_SUITE_P(Types, ParityOfKvTypes,
                         testing::Values(std::tuple(32, KvType::bf16),
                                         std::tuple(128, KvType::bf16),
                                         std::tuple(64, KvType::q8_0),
                                         std::tuple(64, KvType::q4_0)),
                         [](const auto& test) {
                             return std::string(to_string(std::get<KvType>(test.param))) +
                                    "_heads_of_" + std::to_string(std::get<int>(test.param));
                         });

// Threads pack it in pieces of a few MiB.
TEST(LargeHead, Gives_the_same_logits_with_native_kernels) {
    const TempDir folder;
    const TinyModel model{
        .n_embd = 256, .n_embd_head = 64, .n_ff = 256, .n_vocab = 32000, .type = GGML_TYPE_Q8_0};
    const auto path = write_tiny_model(model, folder.path());
    const auto tokens = random_tokens(20, model.n_vocab);
    Engine ours(path, Kernels::native), ggmls(path, Kernels::ggml);
    EXPECT_LE(nmse(ours.read(tokens), ggmls.read(tokens)), 2e-3);  // a lost piece: 0.1
}

// Local layers keep a window and room for one batch alone, so that tokens move again and again, and
// keys turn back where positions would grow beyond what the model was trained on. Moved tokens are
// summed in another order; the yardstick is what libllama makes of that in other batches.
struct WindowedCase {
    const char* architecture;
    Kernels kernels;
    KvType type = KvType::f16;
    int n_ctx_train = 1024;
};

void PrintTo(const WindowedCase& c, std::ostream* out) { *out << c.architecture; }

class ParityOfWindows : public testing::TestWithParam<WindowedCase> {
   protected:
    static TinyModel tiny() {
        TinyModel model{.architecture = GetParam().architecture,
                        .n_layer = 3,
                        .n_embd = 128,
                        .n_head = 2,
                        .n_head_kv = 1,
                        .n_embd_head = 64,
                        .n_ctx_train = GetParam().n_ctx_train,
                        .window = 40,
                        .window_pattern = 2};
        if (model.architecture == "exaone4") model.n_layer = 64;  // others have no window
        return model;
    }
};

TEST_P(ParityOfWindows, Logits_equal_libllamas_long_after_the_window_is_full) {
    const TempDir folder;
    const auto path = write_tiny_model(tiny(), folder.path());
    constexpr int n_batch = 50;  // larger than the window
    const ggml_type type = ggml_type_of(GetParam().type);
    Engine ours(path, GetParam().kernels, GetParam().type, 0, n_batch);
    LibLlama whole(path, n_ctx, 1, type), split(path, n_ctx, 1, type);
    const auto tokens = random_tokens(500, tiny().n_vocab);
    const auto expected = whole.decode(tokens);
    double our_error = 0, their_error = 0;
    std::size_t done = 0;
    for (const int n : {50, 50, 1, 1, 39, 3, 50, 50, 17, 1, 1, 1, 50, 50, 50, 50, 36}) {
        const auto batch = std::span(tokens).subspan(done, static_cast<std::size_t>(n));
        done += batch.size();
        our_error = std::max(our_error, nmse(ours.read(batch), expected[done - 1]));
        their_error = std::max(their_error, nmse(split.decode(batch).back(), expected[done - 1]));
    }
    ASSERT_EQ(done, tokens.size());
    // Keys of few bits are rounded again when they turn, and our kernels round queries otherwise.
    const bool turns = GetParam().n_ctx_train < 500;
    const bool rounds =
        GetParam().type != KvType::f16 && (turns || GetParam().kernels == Kernels::native);
    EXPECT_LE(our_error, rounds ? 2e-3 : std::max(1e-5, 4 * their_error));
    std::cout << "worst NMSE of logits: " << our_error << "; libllama's: " << their_error << '\n';
}

INSTANTIATE_TEST_SUITE_P(
    Architectures, ParityOfWindows,
    testing::Values(WindowedCase{"gemma2", Kernels::ggml}, WindowedCase{"gemma2", Kernels::native},
                    WindowedCase{"gemma3", Kernels::ggml}, WindowedCase{"gemma3", Kernels::native},
                    WindowedCase{"gemma3", Kernels::ggml, KvType::q8_0},
                    WindowedCase{"gemma3", Kernels::native, KvType::bf16},
                    WindowedCase{"gemma3", Kernels::ggml, KvType::f16, 100},
                    WindowedCase{"gemma3", Kernels::native, KvType::q8_0, 100},
                    WindowedCase{"cohere2", Kernels::ggml},
                    WindowedCase{"cohere2", Kernels::native}, WindowedCase{"olmo2", Kernels::ggml},
                    WindowedCase{"olmo2", Kernels::native},
                    WindowedCase{"exaone4", Kernels::native}),
    [](const auto& test) {
        const WindowedCase& c = test.param;
        return std::string(c.architecture) + "_" + std::string(to_string(c.type)) +
               (c.kernels == Kernels::ggml ? "_ggml" : "_native") +
               (c.n_ctx_train < 500 ? "_turning" : "");
    });

const auto name_of = [](const auto& test_case) { return test_case.param.name; };

INSTANTIATE_TEST_SUITE_P(Llama, Parity, testing::ValuesIn(llama_parity_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Architectures, Parity, testing::ValuesIn(architecture_parity_cases()),
                         name_of);

}  // namespace
}  // namespace infinipot
