#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "gguf/file.h"
#include "infinipot/infinipot.h"
#include "support/memory_limit.h"
#include "support/temp_dir.h"
#include "support/tiny_model.h"

// Valid files of every architecture, damaged one place at a time and then loaded and run as a user
// would: a sentence or a model, but no crash, no hang and no huge allocation.

namespace infinipot {
namespace {

constexpr std::size_t n_spare_bytes = 512u << 20;

std::string bytes_of(const std::filesystem::path& path) {
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return bytes.str();
}

class Damage : public testing::TestWithParam<const char*> {
   protected:
    Damage()
        : path_(write_tiny_model(model(GetParam()), folder_.path())),
          bytes_(bytes_of(path_)),
          n_header_(GgufFile::open(path_).tensors().front().offset) {}

    /// With all the keys and tensors that its architecture may have.
    static TinyModel model(const std::string& architecture) {
        TinyModel model{.architecture = architecture,
                        .n_layer = 2,
                        .n_embd = 32,
                        .n_head = 2,
                        .n_head_kv = 1,
                        .n_ff = 32,
                        .n_vocab = 360};
        if (architecture == "gemma2" || architecture == "gemma3" || architecture == "olmo2" ||
            architecture == "cohere2") {
            model.window = 40;
            model.window_pattern = 2;
        }
        for (const char* name : {"qwen3moe", "olmoe", "glm4moe", "ernie4_5-moe", "gpt-oss",
                                 "lfm2moe", "qwen3next", "qwen35moe"}) {
            if (architecture == name) model.n_expert = 2;
        }
        if (architecture == "gpt-oss") model.window = 40;
        if (architecture == "glm4moe" || architecture == "qwen35moe") model.n_layer_skipped = 1;
        model.lists_recurrent = true;
        model.rope_scaling = {.type = architecture == "phi3" ? "longrope" : "yarn"};
        return model;
    }

    /// Loads what the file is now, and reads and asks if that succeeds.
    bool runs() const {
        try {
            const Model model = Model::load(path_);
            SessionOptions options;
            options.budget = {.capacity = 64, .retain = 20, .reserve = 8, .beyond_window = true};
            options.catalyst = "a b";
            options.n_threads = 1;
            Session session(model, options);
            session.ingest("the old man came home and all was still, not far from the sea.");
            session.ask("who?", {.max_tokens = 2}).text();
            return true;
        } catch (const Error&) {
            return false;
        }
    }

    /// The keys and the tensors' descriptions; what lies between are the vocabulary's texts.
    bool is_vocabulary(std::size_t at) const {
        const std::size_t begin = bytes_.find("tokenizer.ggml.tokens") + 64;
        const std::size_t end = bytes_.find("tokenizer.ggml.bos_token_id");
        return at > begin && at < end;
    }

    void put(std::size_t at, char byte) const {
        std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(at));
        file.put(byte);
    }

    TempDir folder_;
    std::filesystem::path path_;
    std::string bytes_;
    std::size_t n_header_;
};

TEST_P(Damage, A_flipped_bit_anywhere_in_the_header_is_survived) {
    ASSERT_TRUE(runs());
    const MemoryLimit limit(n_spare_bytes);
    int n_refused = 0;
    int n_tried = 0;
    for (std::size_t at = 0; at < n_header_; ++at) {
        if (is_vocabulary(at)) continue;
        put(at, static_cast<char>(bytes_[at] ^ (1 << at % 8)));
        n_refused += runs() ? 0 : 1;
        put(at, bytes_[at]);
        ++n_tried;
    }
    EXPECT_GT(n_refused, n_tried / 2);
    EXPECT_TRUE(runs());
}

TEST_P(Damage, A_file_that_ends_anywhere_in_the_header_is_refused) {
    const MemoryLimit limit(n_spare_bytes);
    for (std::size_t n = n_header_; n > 0; --n) {
        std::filesystem::resize_file(path_, n);
        ASSERT_FALSE(runs()) << n << " bytes";
    }
}

INSTANTIATE_TEST_SUITE_P(Architectures, Damage,
                         testing::Values("llama", "qwen2", "qwen3", "gemma2", "gemma3", "phi3",
                                         "smollm3", "granite", "olmo2", "glm4", "exaone4",
                                         "ernie4_5", "hunyuan-dense", "seed_oss", "command-r",
                                         "cohere2", "mistral3", "starcoder2", "apertus", "qwen3moe",
                                         "olmoe", "lfm2", "granitehybrid", "falcon-h1", "qwen35",
                                         "glm4moe", "ernie4_5-moe", "gpt-oss", "lfm2moe",
                                         "qwen3next", "qwen35moe"),
                         [](const auto& test_case) {
                             std::string name = test_case.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace infinipot
