// usage: make_random_model SHAPE FILE
// Writes a model of a real one's shape, with random weights in Q8_0: it says nothing, as fast as
// the real one says something. For measurements where the real weights cannot be had.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <string>

#include "support/tiny_model.h"

namespace {

using infinipot::TinyModel;

const std::map<std::string, TinyModel> shapes = {
    {"llama-3.2-1b", TinyModel{.n_layer = 16,
                               .n_embd = 2048,
                               .n_head = 32,
                               .n_head_kv = 8,
                               .n_embd_head = 64,
                               .n_ff = 8192,
                               .n_ctx_train = 131072,
                               .tied = true,
                               .rope_freqs = true,
                               .type = GGML_TYPE_Q8_0,
                               .rope_freq_base = 500000.0f,
                               .vocabulary = "llama-bpe"}},
    {"smollm2-135m", TinyModel{.n_layer = 30,
                               .n_embd = 576,
                               .n_head = 9,
                               .n_head_kv = 3,
                               .n_embd_head = 64,
                               .n_ff = 1536,
                               .n_ctx_train = 8192,
                               .tied = true,
                               .type = GGML_TYPE_Q8_0,
                               .rope_freq_base = 100000.0f,
                               .vocabulary = "starcoder"}},  // as many tokens
    // Four of 48 layers, and a twelfth of the vocabulary: the output matrix keeps its share of the
    // work.
    {"qwen3-30b-a3b-4-layers", TinyModel{.architecture = "qwen3moe",
                                         .n_layer = 4,
                                         .n_embd = 2048,
                                         .n_head = 32,
                                         .n_head_kv = 4,
                                         .n_embd_head = 128,
                                         .n_ff = 768,
                                         .n_expert = 128,
                                         .n_expert_used = 8,
                                         .n_ctx_train = 32768,
                                         .n_vocab = 12672,
                                         .type = GGML_TYPE_Q8_0,
                                         .rope_freq_base = 1000000.0f}},
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3 || !shapes.contains(argv[1]) || argv[2][0] == '-') {
        std::fputs("usage: make_random_model SHAPE FILE\nshapes:", stderr);
        for (const auto& [name, shape] : shapes) std::fprintf(stderr, " %s", name.c_str());
        std::fputs("\n", stderr);
        return 2;
    }
    try {
        const auto file = std::filesystem::absolute(argv[2]);
        infinipot::write_tiny_model(shapes.at(argv[1]), file.parent_path(), file.filename());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "make_random_model: %s\n", error.what());
        return 1;
    }
}
