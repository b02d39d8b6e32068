#include "support/libllama.h"

#include <llama.h>

#include <stdexcept>
#include <string>

namespace infinipot {

namespace {

bool is_lfm2(const llama_model* model) {
    char name[32] = "";
    llama_model_meta_val_str(model, "general.architecture", name, sizeof name);
    return std::string(name).starts_with("lfm2");
}

}  // namespace

LibLlama::LibLlama(const std::filesystem::path& path, int n_ctx, int n_threads,
                   ggml_type cache_type) {
    llama_model_params model_params = llama_model_default_params();
    model_ = llama_model_load_from_file(path.c_str(), model_params);
    if (model_ == nullptr) throw std::runtime_error("libllama cannot load " + path.string());
    context_ = make_context(n_ctx, n_threads, cache_type, true);
    if (is_lfm2(model_)) logits_context_ = make_context(n_ctx, n_threads, cache_type, false);
    n_vocab_ = llama_vocab_n_tokens(llama_model_get_vocab(model_));
}

llama_context* LibLlama::make_context(int n_ctx, int n_threads, ggml_type cache_type,
                                      bool embeddings) const {
    llama_context_params params = llama_context_default_params();
    params.n_ctx = static_cast<std::uint32_t>(n_ctx);
    params.n_batch = params.n_ctx;
    params.n_ubatch = params.n_ctx;
    params.n_threads = n_threads;
    params.n_threads_batch = n_threads;
    params.embeddings = embeddings;
    params.pooling_type = LLAMA_POOLING_TYPE_NONE;
    params.type_k = params.type_v = cache_type;
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;
    llama_context* context = llama_init_from_model(model_, params);
    if (context == nullptr) throw std::runtime_error("libllama cannot make a context");
    return context;
}

LibLlama::~LibLlama() {
    if (logits_context_ != nullptr) llama_free(logits_context_);
    llama_free(context_);
    llama_model_free(model_);
}

void LibLlama::decode(llama_context* context, std::span<const Token> tokens) const {
    const int n = static_cast<int>(tokens.size());
    llama_batch batch = llama_batch_init(n, 0, 1);
    batch.n_tokens = n;
    for (int i = 0; i < n; ++i) {
        batch.token[i] = tokens[static_cast<std::size_t>(i)];
        batch.pos[i] = n_past_ + i;
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i] = 1;
    }
    const int status = llama_decode(context, batch);
    llama_batch_free(batch);
    if (status != 0) throw std::runtime_error("libllama cannot decode");
}

std::vector<std::vector<float>> LibLlama::decode(std::span<const Token> tokens) {
    decode(context_, tokens);
    if (logits_context_ != nullptr) decode(logits_context_, tokens);
    const int n = static_cast<int>(tokens.size());
    n_past_ += n;
    n_last_ = n;
    std::vector<std::vector<float>> logits;
    for (int i = 0; i < n; ++i) {
        const float* row =
            llama_get_logits_ith(logits_context_ != nullptr ? logits_context_ : context_, i);
        logits.emplace_back(row, row + n_vocab_);
    }
    return logits;
}

std::vector<float> LibLlama::last_hidden() const {
    const float* row = llama_get_embeddings_ith(context_, n_last_ - 1);
    return {row, row + llama_model_n_embd(model_)};
}

double nmse(std::span<const float> values, std::span<const float> reference) {
    double error = 0;
    double power = 0;
    for (std::size_t i = 0; i < reference.size(); ++i) {
        const double difference =
            static_cast<double>(values[i]) - static_cast<double>(reference[i]);
        error += difference * difference;
        power += static_cast<double>(reference[i]) * static_cast<double>(reference[i]);
    }
    return error / power;
}

}  // namespace infinipot
