#include "engine/distil.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "engine/session_impl.h"
#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "infinipot/session.h"
#include "model/access.h"
#include "support/largest_difference.h"
#include "support/random_tokens.h"
#include "support/reference.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"
#include "support/tiny_recurrent.h"

// One distillation, and many, of the engine against the plain reference of the paper's method.

namespace infinipot {
namespace {

const TinyModel tiny = model_for_reference(3);

/// The same size in every architecture; what makes each of them special is at work in a pot of 128.
TinyModel tiny_of(const std::string& architecture) {
    TinyModel model = tiny;
    model.architecture = architecture;
    if (architecture == "gemma2") model.window = 50;
    if (architecture == "gemma3") {
        model.window = 50;
        model.window_pattern = 3;
        model.rope_scaling = TinyModel::RopeScaling{};
    }
    if (architecture == "smollm3") model.n_layer = 4;  // the last has no RoPE
    if (architecture == "glm4") model.n_rot = 16;
    for (const char* name : {"qwen3moe", "olmoe", "glm4moe", "ernie4_5-moe", "gpt-oss", "lfm2moe",
                             "qwen3next", "qwen35moe"}) {
        if (architecture == name)
            model.n_expert = model.n_expert_used = 3;  // or a rounding would choose another
    }
    if (architecture == "glm4moe") {
        model.n_layer_dense = model.n_layer_skipped = 1;
        model.n_rot = 16;
    }
    if (architecture == "gpt-oss") model.window = 50;
    if (architecture == "cohere2") {
        model.window = 50;
        model.window_pattern = 3;
    }
    if (architecture == "mistral3")
        model.rope_scaling = {.type = "linear", .original_context_length = 30};
    if (architecture == "olmo2") {
        model.window = 50;
        model.window_pattern = 3;
        model.rope_scaling = TinyModel::RopeScaling{};
    }
    if (has_delta_nets(model)) model.n_rot = 16;
    if (is_hybrid(model)) model.n_layer = 4;
    for (const char* name : {"qwen2", "phi3", "olmo2", "olmoe", "exaone4", "command-r", "cohere2",
                             "starcoder2", "lfm2", "lfm2moe"}) {
        if (architecture == name) model.n_embd = 128;  // as wide as all heads
    }
    if (architecture == "phi3") {
        model.n_rot = 24;
        model.rope_scaling = {.type = "longrope", .original_context_length = 100};
    }
    return model;
}

struct Setting {
    std::string architecture;
    Kernels kernels;
    int window = 0;  ///< of a LLaMA whose file does not say it
};

std::string name_of(const Setting& setting) {
    std::string name = setting.architecture;
    std::ranges::replace(name, '-', '_');
    return name + (setting.window > 0 ? "_window" : "") +
           (setting.kernels == Kernels::ggml ? "_ggml" : "_native");
}

void PrintTo(const Setting& setting, std::ostream* out) { *out << name_of(setting); }

constexpr int capacity = 128;

class DistilTest : public testing::TestWithParam<Setting> {
   protected:
    DistilTest()
        : path_(write_tiny_model(tiny_of(GetParam().architecture), folder_.path())),
          model_(Model::load(
              path_, {.kernels = GetParam().kernels, .sliding_window = GetParam().window})) {}

    SessionOptions options(float novelty, int n_slots = capacity, int retain = 40) const {
        SessionOptions result;
        result.budget = {.capacity = n_slots,
                         .retain = retain,
                         .reserve = 8,
                         .protect_first = 0,
                         .protect_recent = 0};
        result.policy = policies::infinipot(
            {.novelty = novelty, .share = policies::Share::none, .pool = 1, .novelty_pool = 1});
        result.framing = Framing::raw;
        result.catalyst = "a b c d";
        result.n_batch = 32;
        result.n_threads = 1;
        return result;
    }

    TempDir folder_;
    std::filesystem::path path_;
    Model model_;
};

/// Which tokens of the stream each head holds.
std::vector<std::int64_t> positions(std::span<const Tag> tags) {
    std::vector<std::int64_t> result;
    for (const Tag& tag : tags) result.push_back(tag.position);
    return result;
}

std::vector<std::int64_t> positions(const Reference::Head& head) {
    std::vector<std::int64_t> result;
    for (const auto& entry : head) result.push_back(entry.position);
    return result;
}

void expect_same_pot(Session& session, const Reference& reference) {
    const KvCache& cache = Access::impl(session).cache();
    ASSERT_EQ(cache.n(), reference.n());
    for (int il = 0; il < cache.shape().n_layer; ++il) {
        for (int head = 0; head < tiny.n_head_kv; ++head) {
            const auto& expected =
                reference.pot()[static_cast<std::size_t>(il)][static_cast<std::size_t>(head)];
            EXPECT_EQ(positions(cache.tags(il, head)), positions(expected))
                << "layer " << il << ", head " << head;
        }
    }
}

/// Tests that compare selections entry by entry, with scores that engine and reference compute on
/// their own. Nearly equal scores may be ranked differently; this model's scores differ enough.
using ExactDistilTest = DistilTest;

TEST_P(ExactDistilTest, Keeps_the_entries_of_the_plain_reference) {
    for (const float novelty : {0.0f, 0.5f, 1.0f}) {
        Session session(model_, options(novelty));
        Session::Impl& impl = Access::impl(session);
        Reference reference(path_, capacity, GetParam().window);
        const auto tokens = random_tokens(impl.plan().fill_limit, tiny.n_vocab);
        impl.read(tokens, true);
        for (const Token token : tokens) reference.read(token);
        impl.distil();
        reference.distil(impl.plan().catalyst, {.retain = 40, .novelty = novelty});
        expect_same_pot(session, reference);
    }
}

TEST_P(ExactDistilTest, Keeps_the_entries_of_the_plain_reference_over_many_distillations) {
    SessionOptions with_protection = options(0.5f);
    with_protection.budget.protect_first = 4;
    with_protection.budget.protect_recent = 6;
    Session session(model_, with_protection);
    Session::Impl& impl = Access::impl(session);
    Reference reference(path_, capacity, GetParam().window);
    const auto tokens = random_tokens(400, tiny.n_vocab);
    impl.read(tokens, true);
    int distillations = 0;
    for (const Token token : tokens) {
        if (reference.n() == impl.plan().fill_limit) {
            reference.distil(
                impl.plan().catalyst,
                {.retain = 40, .novelty = 0.5, .protect_first = 4, .protect_recent = 6});
            ++distillations;
        }
        reference.read(token);
    }
    EXPECT_GE(distillations, 3);
    EXPECT_EQ(session.stats().distillations, static_cast<std::uint64_t>(distillations));
    expect_same_pot(session, reference);
    EXPECT_LE(largest_difference(impl.logits(), reference.logits()), 0.03)
        << "logits after " << distillations << " distillations";
}

/// The engine's scores are the reference's but for rounding. Returns the engine's attention.
Reference::Scores expect_same_scores(Session::Impl& impl, Reference& reference) {
    impl.distiller().observe(reference.n());
    const auto measured = impl.forward().attention();
    const auto expected = reference.catalyst_attention(impl.plan().catalyst);
    Reference::Scores attention;
    for (std::size_t il = 0; il < expected.size(); ++il) {
        attention.emplace_back();
        for (std::size_t head = 0; head < expected[il].size(); ++head) {
            const auto row =
                measured.subspan((il * expected[il].size() + head) * std::size_t{capacity});
            const auto& tags = impl.cache().tags(static_cast<int>(il), static_cast<int>(head));
            attention.back().emplace_back(row.begin(), row.begin() + reference.n());
            for (std::size_t slot = 0; slot < expected[il][head].size(); ++slot) {
                EXPECT_NEAR(row[slot], expected[il][head][slot],
                            2e-3 + 0.01 * expected[il][head][slot])
                    << "layer " << il << ", head " << head << ", slot " << slot;
                const double surprisal = reference.pot()[il][head][slot].surprisal;
                EXPECT_NEAR(tags[slot].surprisal, surprisal, 5e-2 + 1e-3 * surprisal);
            }
        }
    }
    return attention;
}

TEST_P(DistilTest, Measures_the_attention_and_surprisal_of_the_reference) {
    Session session(model_, options(0.5f));
    Session::Impl& impl = Access::impl(session);
    Reference reference(path_, capacity, GetParam().window);
    const auto tokens = random_tokens(90, tiny.n_vocab);
    impl.read(tokens, true);
    for (const Token token : tokens) reference.read(token);
    expect_same_scores(impl, reference);
}

/// Returns the entries of the engine's KV cache that the reference's rules keep, by the engine's
/// scores.
Reference::Kept selected(Session::Impl& impl, const Reference::Scores& attention) {
    Reference::Kept kept;
    for (std::size_t il = 0; il < attention.size(); ++il) {
        kept.emplace_back();
        for (std::size_t head = 0; head < attention[il].size(); ++head) {
            std::vector<double> surprisal;
            for (const Tag& tag : impl.cache().tags(static_cast<int>(il), static_cast<int>(head)))
                surprisal.push_back(tag.surprisal);
            kept.back().push_back(Reference::select(surprisal, attention[il][head], 40, 15, 4, 6));
        }
    }
    return kept;
}

// Side by side: at each distillation the scores are compared, then the choice that follows from
// them, and then both go on with the same entries, so that a near tie does not end the comparison.
TEST_P(DistilTest, Follows_the_reference_over_many_distillations) {
    SessionOptions with_protection = options(0.5f);
    with_protection.budget.protect_first = 4;
    with_protection.budget.protect_recent = 6;
    Session session(model_, with_protection);
    Session::Impl& impl = Access::impl(session);
    Reference reference(path_, capacity, GetParam().window);
    unsigned seed = 0;
    for (int distillations = 0; distillations < 5; ++distillations) {
        const int room = impl.plan().fill_limit - impl.cache().n();
        const auto tokens = random_tokens(room, tiny.n_vocab, ++seed);
        impl.read(tokens, true);
        for (const Token token : tokens) reference.read(token);
        const auto kept = selected(impl, expect_same_scores(impl, reference));
        impl.distil();
        reference.keep(kept);
        expect_same_pot(session, reference);
    }
    const Token last = 77;
    impl.read({&last, 1}, true);
    reference.read(last);
    EXPECT_LE(largest_difference(impl.logits(), reference.logits()), 0.05) << "logits";
}

TEST_P(DistilTest, Refuses_per_token_eviction_if_a_window_in_the_pot_is_smaller_than_it) {
    SessionOptions per_token = options(0.5f);
    per_token.policy = make_policy("streaming_llm");
    per_token.schedule = Schedule::per_token;
    if (GetParam().window > 0) {  // in all layers
        EXPECT_THROW(Session(model_, per_token), Error);
        per_token.budget.capacity = 50;
        per_token.budget.retain = 30;
    }
    EXPECT_NO_THROW(Session(model_, per_token));
}

TEST_P(DistilTest, Changes_no_logit_if_everything_is_retained) {
    Session session(model_, options(0.5f, 128, 90));
    Session::Impl& impl = Access::impl(session);
    impl.read(random_tokens(90, tiny.n_vocab), true);
    const auto mark = impl.mark();
    const Token next = 77;
    impl.read({&next, 1}, true);
    const std::vector<float> before(impl.logits().begin(), impl.logits().end());
    impl.rewind(mark);
    impl.distil();
    impl.read({&next, 1}, true);
    EXPECT_EQ(before, std::vector<float>(impl.logits().begin(), impl.logits().end()));
}

TEST_P(DistilTest, Survivors_are_bit_identical_after_a_hundred_distillations) {
    SessionOptions with_protection = options(0.5f, 64, 24);
    with_protection.budget.protect_first = 4;  // survivors, whatever else becomes of the others
    Session session(model_, with_protection);
    Session::Impl& impl = Access::impl(session);
    const auto tokens = random_tokens(impl.plan().fill_limit, tiny.n_vocab);
    impl.read(tokens, true);
    KvCache& cache = impl.cache();
    const auto bytes_of = [&](ggml_tensor* pot, int head, int slot) {
        const auto* row = static_cast<const char*>(pot->data) +
                          static_cast<std::size_t>(head) * pot->nb[2] +
                          static_cast<std::size_t>(slot) * pot->nb[1];
        return std::string(row, pot->nb[1]);
    };
    std::map<std::tuple<int, int, std::int64_t>, std::pair<std::string, std::string>> first_written;
    const auto for_every_entry = [&](auto visit) {
        for (int il = 0; il < cache.shape().n_layer; ++il) {
            for (int head = 0; head < tiny.n_head_kv; ++head) {
                for (int slot = 0; slot < cache.n(); ++slot) {
                    visit(std::tuple(il, head,
                                     cache.tags(il, head)[static_cast<std::size_t>(slot)].position),
                          std::pair(bytes_of(cache.keys(il), head, slot),
                                    bytes_of(cache.values(il), head, slot)));
                }
            }
        }
    };
    for_every_entry([&](const auto& entry, const auto& bytes) { first_written[entry] = bytes; });
    const std::int64_t n_first = impl.plan().fill_limit;
    unsigned seed = 1;
    while (session.stats().distillations < 100)
        impl.read(random_tokens(5, tiny.n_vocab, ++seed), true);
    int survivors = 0;
    for_every_entry([&](const auto& entry, const auto& bytes) {
        if (std::get<2>(entry) >= n_first) return;
        EXPECT_EQ(first_written.at(entry), bytes);
        ++survivors;
    });
    EXPECT_GT(survivors, 0) << "the test needs an entry that survives";
}

TEST_P(DistilTest, Kept_positions_leave_the_rotated_keys_unchanged) {
    SessionOptions keep = options(0.5f, 64, 24);
    keep.positions = Positions::keep;
    Session session(model_, keep);
    Session::Impl& impl = Access::impl(session);
    impl.read(random_tokens(impl.plan().fill_limit, tiny.n_vocab), true);
    KvCache& cache = impl.cache();
    const int last = cache.shape().n_layer - 1;
    const auto row = [&](int slot) {
        ggml_tensor* pot = cache.rotated_keys(last);
        return std::string(
            static_cast<const char*>(pot->data) + static_cast<std::size_t>(slot) * pot->nb[1],
            pot->nb[1]);
    };
    std::vector<std::string> before;
    for (int slot = 0; slot < cache.n(); ++slot) before.push_back(row(slot));
    impl.distil();
    for (int slot = 0; slot < cache.n(); ++slot) {
        const auto from =
            static_cast<std::size_t>(cache.tags(last, 0)[static_cast<std::size_t>(slot)].position);
        EXPECT_EQ(row(slot), before[from]);
    }
}

const auto name = [](const auto& test_case) { return name_of(test_case.param); };

INSTANTIATE_TEST_SUITE_P(Llama, ExactDistilTest,
                         testing::Values(Setting{"llama", Kernels::ggml},
                                         Setting{"llama", Kernels::native}),
                         name);
INSTANTIATE_TEST_SUITE_P(
    Architectures, DistilTest,
    testing::Values(Setting{"llama", Kernels::ggml}, Setting{"llama", Kernels::native},
                    Setting{"llama", Kernels::native, 50}, Setting{"qwen2", Kernels::native},
                    Setting{"qwen3", Kernels::native}, Setting{"gemma2", Kernels::native},
                    Setting{"gemma3", Kernels::native}, Setting{"gemma3", Kernels::ggml},
                    Setting{"phi3", Kernels::native}, Setting{"smollm3", Kernels::native},
                    Setting{"granite", Kernels::native}, Setting{"olmo2", Kernels::native},
                    Setting{"glm4", Kernels::native}, Setting{"exaone4", Kernels::native},
                    Setting{"ernie4_5", Kernels::native}, Setting{"hunyuan-dense", Kernels::native},
                    Setting{"seed_oss", Kernels::native}, Setting{"command-r", Kernels::native},
                    Setting{"cohere2", Kernels::native}, Setting{"mistral3", Kernels::native},
                    Setting{"starcoder2", Kernels::native}, Setting{"apertus", Kernels::native},
                    Setting{"qwen3moe", Kernels::native}, Setting{"olmoe", Kernels::native},
                    Setting{"lfm2", Kernels::native}, Setting{"granitehybrid", Kernels::native},
                    Setting{"falcon-h1", Kernels::native}, Setting{"qwen35", Kernels::native},
                    Setting{"lfm2moe", Kernels::native}, Setting{"qwen3next", Kernels::native},
                    Setting{"qwen35moe", Kernels::native}, Setting{"glm4moe", Kernels::native},
                    Setting{"ernie4_5-moe", Kernels::native}, Setting{"gpt-oss", Kernels::native},
                    Setting{"gpt-oss", Kernels::ggml}),
    name);

}  // namespace
}  // namespace infinipot
