#include "cache/kv_type.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "cache/row_format.h"
#include "engine/rotation_tables.h"
#include "engine/session_impl.h"
#include "infinipot/infinipot.h"
#include "model/access.h"
#include "model/model_impl.h"
#include "support/largest_difference.h"
#include "support/random_tokens.h"
#include "support/reference.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

// Promises of a KV cache of each type that policies_test does not check: its bytes, no rounding
// that adds up, answers that do not depend on how a text arrives, and an error for a type that does
// not fit.

namespace infinipot {
namespace {

using namespace std::string_literals;

const std::vector<KvType> kv_types = {KvType::f16, KvType::bf16, KvType::q8_0, KvType::q4_0};

class KvTypeTest : public testing::TestWithParam<KvType> {
   protected:
    KvTypeTest() : model_(Model::load(write_tiny_model(tiny, folder_.path()))) {}

    SessionOptions options(const char* spec = "infinipot") const {
        SessionOptions result;
        result.budget = {.capacity = 64, .retain = 24, .reserve = 8, .protect_first = 4};
        result.policy = make_policy(spec);
        result.kv_type = GetParam();
        result.framing = Framing::raw;
        result.catalyst = "a b c d";
        result.n_batch = 16;
        result.n_threads = 1;
        return result;
    }

    static constexpr int n_heads = 2 * 2;  // KV heads of all layers
    const TinyModel tiny = model_for_reference();
    TempDir folder_;
    Model model_;
};

INSTANTIATE_TEST_SUITE_P(Types, KvTypeTest, testing::ValuesIn(kv_types),
                         [](const auto& test) { return std::string(to_string(test.param)); });

TEST_P(KvTypeTest, Is_parsed_from_its_name) {
    EXPECT_EQ(parse_kv_type(to_string(GetParam())), GetParam());
    EXPECT_EQ(ggml_type_name(ggml_type_of(GetParam())), to_string(GetParam()));
}

TEST(KvTypeNames, Are_listed_for_an_unknown_type) {
    for (const std::string text : {"", "F16", "q5_0", "q8_0 "}) {
        try {
            parse_kv_type(text);
            ADD_FAILURE() << text;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
            EXPECT_EQ(std::string(error.what()),
                      "a KV type is f16, bf16, q8_0 or q4_0, not \"" + text + '"');
        }
    }
}

/// Three vectors and a tag of 16 bytes for each head of each layer.
TEST_P(KvTypeTest, Takes_the_bytes_of_the_formula) {
    const std::map<KvType, std::size_t> row_bytes = {
        {KvType::f16, 64}, {KvType::bf16, 64}, {KvType::q8_0, 34}, {KvType::q4_0, 18}};
    const std::size_t entry = n_heads * (3 * row_bytes.at(GetParam()) + 16);
    EXPECT_EQ(model_.entry_bytes(GetParam()), entry);
    EXPECT_EQ(Session(model_, options()).stats().pot_bytes, 64 * entry);
    SessionOptions in_bytes = options();
    in_bytes.budget.capacity = {};
    in_bytes.budget.memory_bytes = 100 * entry + entry - 1;
    const Session session(model_, in_bytes);
    EXPECT_EQ(session.budget().capacity, 100);
    EXPECT_LE(session.stats().pot_bytes, in_bytes.budget.memory_bytes);
}

std::string bytes_of(const KvCache& cache, ggml_tensor* pot, int head, int slot) {
    return {reinterpret_cast<const char*>(cache.row(pot, head, slot)), pot->nb[1]};
}

/// For every entry of the pot: its layer and head, its slot, and its token's place in the stream.
template <typename Visit>
void for_every_entry(const KvCache& cache, Visit visit) {
    for (int il = 0; il < cache.shape().n_layer; ++il) {
        for (int head = 0; head < cache.shape().n_head_kv; ++head) {
            for (int slot = 0; slot < cache.n(); ++slot) {
                visit(il, head, slot,
                      cache.tags(il, head)[static_cast<std::size_t>(slot)].position);
            }
        }
    }
}

/// Compares rotated copies with those that the stored keys give at these positions when they are
/// rotated once. None may differ by more than one rounding; the share that are equal bit for bit is
/// returned. ggml's CPU code may round what lies half-way otherwise than its reference.
template <typename Position>
double share_of_fresh_copies(Session::Impl& impl, Position position, auto is_rotated_anew) {
    const KvCache& cache = impl.cache();
    const ggml_type type = cache.shape().type;
    const auto d = static_cast<std::size_t>(cache.shape().n_embd_head);
    Backend backend(1);
    const RotationTables tables(Access::impl(impl.model()), cache.shape().capacity, 512, backend);
    std::vector<float> scratch(d), got(d), expected(d);
    int n_compared = 0, n_equal = 0;
    for_every_entry(cache, [&](int il, int head, int slot, std::int64_t) {
        if (!is_rotated_anew(il, head, slot)) return;
        const std::byte* copy = cache.row(cache.rotated_keys(il), head, slot);
        std::vector<std::byte> fresh(ggml_row_size(type, static_cast<std::int64_t>(d)));
        tables[il].rotate(type, cache.row(cache.keys(il), head, slot), position(il, head, slot),
                          fresh.data(), scratch);
        load_row(type, copy, got);
        load_row(type, fresh.data(), expected);
        double error = 0, norm = 0;
        for (std::size_t i = 0; i < d; ++i) {
            error += std::pow(static_cast<double>(got[i] - expected[i]), 2);
            norm += std::pow(static_cast<double>(expected[i]), 2);
        }
        EXPECT_LE(error, 0.02 * norm) << il << ' ' << head << ' ' << slot;
        n_equal += std::memcmp(copy, fresh.data(), fresh.size()) == 0 ? 1 : 0;
        ++n_compared;
    });
    EXPECT_GE(n_compared, 16);
    return static_cast<double>(n_equal) / n_compared;
}

TEST_P(KvTypeTest, Does_not_accumulate_rounding_over_two_hundred_distillations) {
    Session session(model_, options());
    Session::Impl& impl = Access::impl(session);
    impl.read(random_tokens(impl.plan().fill_limit, 400), true);
    const KvCache& cache = impl.cache();
    using Bytes = std::pair<std::string, std::string>;  // of key and value
    std::map<std::tuple<int, int, std::int64_t>, Bytes> first_written;
    const auto bytes = [&](int il, int head, int slot) {
        return Bytes{bytes_of(cache, cache.keys(il), head, slot),
                     bytes_of(cache, cache.values(il), head, slot)};
    };
    for_every_entry(cache, [&](int il, int head, int slot, std::int64_t position) {
        first_written[{il, head, position}] = bytes(il, head, slot);
    });
    unsigned seed = 1;
    while (session.stats().distillations < 200) impl.read(random_tokens(5, 400, ++seed), true);
    impl.distil();
    int n_survivors = 0;
    for_every_entry(cache, [&](int il, int head, int slot, std::int64_t position) {
        const auto before = first_written.find({il, head, position});
        if (before == first_written.end()) return;
        EXPECT_EQ(bytes(il, head, slot), before->second);
        ++n_survivors;
    });
    EXPECT_GE(n_survivors, 4 * n_heads) << "those protected, at least";
    const double share = share_of_fresh_copies(
        impl, [](int, int, int slot) { return slot; },
        [](int, int, int slot) { return slot >= 4; });  // sinks were never rotated anew
    RecordProperty("share", std::to_string(share));
    EXPECT_GE(share, 0.75);
}

/// Older entries step up for each that leaves, hundreds of times, and start at 0 again.
TEST_P(KvTypeTest, Does_not_accumulate_rounding_under_per_token_eviction) {
    SessionOptions per_token = options("streaming_llm");
    per_token.budget.retain = 40;
    Session session(model_, per_token);
    Session::Impl& impl = Access::impl(session);
    impl.read(random_tokens(40, 400), true);
    const KvCache& cache = impl.cache();
    const auto sink_keys = [&] {
        std::vector<std::string> keys;
        for_every_entry(cache, [&](int il, int head, int slot, std::int64_t position) {
            if (position < 4) keys.push_back(bytes_of(cache, cache.keys(il), head, slot));
        });
        return keys;
    };
    const auto before = sink_keys();
    impl.read(random_tokens(300, 400, 2), true);
    EXPECT_EQ(session.stats().distillations, 300u);
    EXPECT_EQ(sink_keys(), before);
    ASSERT_EQ(before.size(), std::size_t{4} * n_heads);
    const PerTokenEviction& moved = *impl.per_token();
    const int first_position = moved.next_position() - cache.n();
    const auto rank = [&](int il, int head, int slot) {
        const auto slots = moved.order().slots(il * tiny.n_head_kv + head);
        return static_cast<int>(std::ranges::find(slots, slot) - slots.begin());
    };
    const double share = share_of_fresh_copies(
        impl, [&](int il, int head, int slot) { return first_position + rank(il, head, slot); },
        [&](int il, int head, int slot) { return rank(il, head, slot) < 4; });
    EXPECT_EQ(share, 1);
}

TEST_P(KvTypeTest, Reading_in_one_call_or_in_many_leaves_the_same_pot) {
    std::string text;
    for (int i = 0; i < 900; ++i) text += static_cast<char>('a' + i * i * 7 % 25);
    const auto contents = [](Session& session) {
        const KvCache& cache = Access::impl(session).cache();
        std::string all;
        for_every_entry(cache, [&](int il, int head, int slot, std::int64_t position) {
            all += std::to_string(position);
            for (ggml_tensor* pot : {cache.keys(il), cache.rotated_keys(il), cache.values(il)}) {
                all += bytes_of(cache, pot, head, slot);
            }
        });
        return all;
    };
    for (const char* spec : {"infinipot", "h2o", "keydiff", "expected_attention"}) {
        Session at_once(model_, options(spec)), in_steps(model_, options(spec));
        at_once.ingest(text);
        at_once.flush();
        for (std::size_t at = 0; at < text.size(); at += 70) in_steps.ingest(text.substr(at, 70));
        in_steps.flush();
        EXPECT_GE(at_once.stats().distillations, 3u);
        EXPECT_TRUE(contents(at_once) == contents(in_steps)) << spec;
        const std::string before = contents(at_once);
        at_once.ask("who?", {.max_tokens = 4}).text();
        EXPECT_TRUE(contents(at_once) == before) << spec << ": a question leaves a trace";
    }
}

/// Soft caps, windows, partial rotation, norms of queries and keys, and sinks, in pots that store
/// Hadamard transforms.
TEST_P(KvTypeTest, Has_the_logits_of_the_plain_reference_in_every_architecture) {
    for (const char* architecture :
         {"qwen2", "qwen3", "gemma2", "gemma3", "phi3", "glm4moe", "ernie4_5-moe", "gpt-oss",
          "lfm2", "granitehybrid", "falcon-h1", "qwen3next"}) {
        TinyModel model = tiny;
        model.architecture = architecture;
        model.n_embd = 128;
        if (model.architecture.starts_with("gemma")) model.window = 30;
        if (model.architecture == "gemma3") model.window_pattern = 2;
        if (model.architecture == "phi3") model.n_rot = 24;
        if (model.architecture.ends_with("moe") || model.architecture == "gpt-oss" ||
            model.architecture == "qwen3next")
            model.n_expert = model.n_expert_used = 2;  // or a rounding would choose another
        if (model.architecture == "gpt-oss") model.window = 30;
        if (model.architecture == "qwen3next") model.n_rot = 16;
        const auto path = write_tiny_model(model, folder_.path(), architecture + ".gguf"s);
        Session session(Model::load(path, {.kernels = Kernels::ggml}), options("full"));
        Reference reference(path);
        reference.store_as(ggml_type_of(GetParam()), /*rounds_queries=*/true);
        // Of glm4moe a norm follows the bias, and beside the sinks of gpt-oss it would not cancel.
        if (model.architecture == "qwen2") reference.subtract_key_bias(64, {false, false});
        const auto tokens = random_tokens(50, 400);
        Access::impl(session).read(tokens, true);
        for (const Token token : tokens) reference.read(token);
        EXPECT_LE(largest_difference(Access::impl(session).logits(), reference.logits()),
                  GetParam() == KvType::q4_0 ? 0.4 : 0.15)
            << architecture;
    }
}

TEST(KvTypeThatDoesNotFit, Is_refused_with_one_sentence) {
    const TempDir folder;
    const Model model = Model::load(write_tiny_model({.n_embd_head = 16}, folder.path()));
    for (const KvType type : {KvType::q8_0, KvType::q4_0}) {
        const std::string expected =
            "a KV cache of " + std::string(to_string(type)) +
            " needs heads of a multiple of 32 numbers, and this model's have 16; choose KV type "
            "f16 or bf16";
        for (const std::size_t memory : {std::size_t{0}, std::size_t{1} << 20}) {
            try {
                Session(model, {.budget = {.memory_bytes = memory}, .kv_type = type});
                ADD_FAILURE() << "nothing was thrown";
            } catch (const Error& error) {
                EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
                EXPECT_EQ(std::string(error.what()), expected);
            }
        }
        EXPECT_THROW(model.entry_bytes(type), Error);
    }
    EXPECT_NO_THROW(Session(model, {.kv_type = KvType::bf16, .n_threads = 1}));
}

}  // namespace
}  // namespace infinipot
