#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "engine/session_impl.h"
#include "gguf/file.h"
#include "infinipot/infinipot.h"
#include "model/access.h"
#include "support/random_tokens.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

// Layers that rotate nothing, and norms that come after RoPE.

namespace infinipot {
namespace {

TinyModel model_of(const char* architecture) {
    TinyModel model = model_for_reference(4);
    model.architecture = architecture;
    return model;
}

SessionOptions options(const char* policy, KvType type) {
    SessionOptions options;
    options.budget = {.capacity = 64, .retain = 32, .reserve = 8};
    options.policy = make_policy(policy);
    options.kv_type = type;
    options.framing = Framing::raw;
    options.catalyst = "a b c d";
    options.n_batch = 16;
    options.n_threads = 1;
    return options;
}

/// Returns whether the rotated keys of a layer are its keys, bit for bit.
bool rotates_nothing(const KvCache& cache, int il) {
    for (int head = 0; head < cache.shape().n_head_kv; ++head) {
        for (int slot = 0; slot < cache.n(); ++slot) {
            if (std::memcmp(cache.row(cache.keys(il), head, slot),
                            cache.row(cache.rotated_keys(il), head, slot),
                            cache.keys(il)->nb[1]) != 0)
                return false;
        }
    }
    return true;
}

// `streaming_llm` and `h2o` evict entry by entry and rotate with tables.
TEST(LayersWithoutRope, Keep_keys_as_they_are_whatever_evicts) {
    const TempDir folder;
    const Model model = Model::load(write_tiny_model(model_of("smollm3"), folder.path()));
    for (const char* policy : {"infinipot", "streaming_llm", "h2o", "expected_attention"}) {
        for (const KvType type : {KvType::f16, KvType::q8_0}) {
            Session session(model, options(policy, type));
            Session::Impl& impl = Access::impl(session);
            impl.read(random_tokens(200, 400), true);
            EXPECT_LE(impl.cache().n(), 64);
            EXPECT_TRUE(rotates_nothing(impl.cache(), 3)) << policy;
            EXPECT_FALSE(rotates_nothing(impl.cache(), 2)) << policy;
        }
    }
}

/// Sets the weights of all norms of queries and keys to one number.
void set_query_key_norms(const std::filesystem::path& path, float weight) {
    const GgufFile file = GgufFile::open(path);
    std::fstream out(path, std::ios::in | std::ios::out | std::ios::binary);
    for (const GgufTensor& tensor : file.tensors()) {
        if (tensor.name.find("_norm.weight") == std::string::npos) continue;
        if (tensor.name.find("attn_q_") == std::string::npos &&
            tensor.name.find("attn_k_") == std::string::npos)
            continue;
        const std::vector<float> weights(static_cast<std::size_t>(tensor.ne[0]), weight);
        out.seekp(tensor.data - file.bytes(0).data());
        out.write(reinterpret_cast<const char*>(weights.data()),
                  static_cast<std::streamsize>(tensor.n_bytes));
    }
}

/// Returns the positions of all entries that survive a text, layer by layer and head by head.
std::vector<std::int64_t> survivors(const std::filesystem::path& path, const char* policy) {
    Session session(Model::load(path, {.kernels = Kernels::ggml}), options(policy, KvType::f16));
    Session::Impl& impl = Access::impl(session);
    impl.read(random_tokens(200, 400), true);
    std::vector<std::int64_t> positions;
    for (int il = 0; il < 4; ++il) {
        for (int head = 0; head < 2; ++head) {
            for (const Tag& tag : impl.cache().tags(il, head)) positions.push_back(tag.position);
        }
    }
    return positions;
}

// A weight that is the same for all numbers of a head commutes with a rotation, and a power of two
// with rounding. `qwen3` normalises before RoPE and is otherwise the same.
TEST(NormsAfterRope, Keep_what_equal_norms_before_rope_keep) {
    const TempDir folder;
    const auto before = write_tiny_model(model_of("qwen3"), folder.path(), "before.gguf");
    const auto after = write_tiny_model(model_of("hunyuan-dense"), folder.path(), "after.gguf");
    set_query_key_norms(before, 2.0f);
    set_query_key_norms(after, 2.0f);
    for (const char* policy : {"infinipot", "expected_attention", "h2o", "tova"}) {
        const auto kept = survivors(before, policy);
        EXPECT_EQ(survivors(after, policy), kept) << policy;
    }
    set_query_key_norms(after, 1.0f);
    EXPECT_NE(survivors(after, "expected_attention"), survivors(before, "expected_attention"));
}

}  // namespace
}  // namespace infinipot
