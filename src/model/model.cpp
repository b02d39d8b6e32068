#include "infinipot/model.h"

#include <utility>

#include "base/clock.h"
#include "gguf/tokenizer_check.h"
#include "infinipot/error.h"
#include "model/fingerprint.h"
#include "model/model_impl.h"
#include "text/frequent_tokens.h"
#include "text/sentence_ends.h"

namespace infinipot {

namespace {

/// Opens a file and checks that libllama can load its tokenizer.
GgufFile open_checked(const std::filesystem::path& path) {
    GgufFile file = GgufFile::open(path);
    validate_tokenizer(file);
    if (file.tensors().empty()) {
        throw Error(ErrorCode::unsupported_model,
                    path.string() + " has a tokenizer but no weights, so there is no model in it");
    }
    return file;
}

}  // namespace

Model::Impl::Impl(const std::filesystem::path& path, const ModelOptions& model_options)
    : file(open_checked(path)),
      options(model_options),
      device(find_device(options.device)),
      hparams(read_hparams(file)),
      vocabulary(path) {
    if (vocabulary.n_tokens() != hparams.n_vocab) {
        throw Error(ErrorCode::bad_model, path.string() + " is damaged: its tokenizer has " +
                                              std::to_string(vocabulary.n_tokens()) +
                                              " tokens and its embedding " +
                                              std::to_string(hparams.n_vocab));
    }
    read_chat_template();
    if (!is_cpu(device)) {
        options.kernels = Kernels::ggml;
        options.repack = false;
    }
    require_window_fits();
    hparams.sliding_window = options.sliding_window;
    choose_frequent_tokens();
    WeightLoader loader(file, options, device, frequent);
    architecture = make_architecture(hparams, file, loader);
    layers = layer_plan(*architecture, hparams.n_layer);
    for (int il = 0; il < hparams.n_layer; ++il) states.push_back(architecture->state(il));
    weights = loader.load();
    info = describe();
}

/// A template that is of no use is no reason to refuse a model, which can read plain text.
void Model::Impl::read_chat_template() try {
    const std::string& source = vocabulary.chat_template();
    if (source.empty()) return;
    chat_template.emplace(source, vocabulary.chat_words());
    frame = chat_frame(*chat_template);
    conversation = conversation_frame(*chat_template);
} catch (const Error& error) {
    chat_template_error = error.what();
}

/// @throws Error(invalid_argument) if the model cannot have ModelOptions::sliding_window.
void Model::Impl::require_window_fits() const {
    const int window = options.sliding_window;
    if (window == 0) return;
    const ArchitectureKind& kind = architecture_kind(file.path().string(), hparams.architecture);
    if (window > 0 && kind.optional_window) return;
    throw Error(ErrorCode::invalid_argument, "a sliding window of " + std::to_string(window) +
                                                 " cannot be given to " + file.path().string() +
                                                 ", whose architecture is " + hparams.architecture +
                                                 "; only llama takes one, of at least 1");
}

/// Rounds their number up to what kernels::matmul multiplies together. Chooses none if all tokens
/// are wanted.
void Model::Impl::choose_frequent_tokens() {
    const int wanted = options.novelty_vocab;
    if (wanted == 0 || wanted >= hparams.n_vocab) return;
    if (wanted < 0 || !is_cpu(device)) {
        throw Error(ErrorCode::invalid_argument,
                    "novelty cannot be measured against " + std::to_string(wanted) +
                        " tokens of the vocabulary" +
                        (wanted < 0 ? "" : " on " + device_name(device) + ", only on the CPU"));
    }
    constexpr int together = 16;
    const int n = (wanted + together - 1) / together * together;
    if (n < hparams.n_vocab) frequent = frequent_tokens(vocabulary, n);
}

const Hash128& Model::Impl::fingerprint() const {
    std::call_once(fingerprint_once_,
                   [this] { fingerprint_ = infinipot::fingerprint(file, options); });
    return fingerprint_;
}

std::span<const char> Model::Impl::sentence_ends() const {
    std::call_once(sentence_ends_once_,
                   [this] { sentence_ends_ = infinipot::sentence_ends(vocabulary); });
    return sentence_ends_;
}

ModelInfo Model::Impl::describe() const {
    const std::string file_name = file.path().stem().string();
    const auto n_frequent = static_cast<int>(frequent.size());
    return {.path = file.path().string(),
            .name = std::string(file.find_string("general.name").value_or(file_name)),
            .architecture = hparams.architecture,
            .device = device_name(device),
            .n_layer = hparams.n_layer,
            .n_embd = hparams.n_embd,
            .n_head = hparams.n_head,
            .n_head_kv = hparams.n_head_kv,
            .n_embd_head = hparams.n_embd_head,
            .n_vocab = hparams.n_vocab,
            .n_novelty_vocab = frequent.empty() ? hparams.n_vocab : n_frequent,
            .n_ctx_train = hparams.n_ctx_train,
            .has_chat_template = frame.has_value(),
            .chat_template_error = chat_template_error,
            .begins_with_bos = !vocabulary.stream_start().empty(),
            .file_bytes = file.file_bytes(),
            .n_matrix_weights = weights.n_matrix_weights,
            .matrix_bytes = weights.matrix_bytes,
            .copied_weight_bytes = weights.copied_bytes};
}

Model Model::load(const std::filesystem::path& path, const ModelOptions& options) {
    const Stopwatch watch;
    const auto impl = std::make_shared<Impl>(path, options);
    impl->info.load_seconds = watch.seconds();
    return Model(impl);
}

const ModelInfo& Model::info() const { return impl_->info; }

std::size_t Model::entry_bytes(KvType type) const {
    return KvCache::entry_bytes(impl_->pot_shape(0, type));
}

std::vector<Token> Model::tokenize(std::string_view text) const {
    return impl_->vocabulary.tokenize(text);
}

std::string Model::piece(Token token) const {
    if (token < 0 || token >= impl_->hparams.n_vocab) {
        throw Error(ErrorCode::invalid_argument, "there is no token " + std::to_string(token));
    }
    return impl_->vocabulary.piece(token);
}

}  // namespace infinipot
