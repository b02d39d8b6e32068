#include "infinipot/model.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "gguf/tokenizer_check.h"
#include "infinipot/error.h"
#include "model/fingerprint.h"
#include "model/model_impl.h"
#include "tensor/kernels/matmul/layout.h"
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
    if (options.novelty_vocab < 0)
        throw Error(ErrorCode::invalid_argument, "surprisal cannot be normalised over " +
                                                     std::to_string(options.novelty_vocab) +
                                                     " tokens");
    hparams.sliding_window = options.sliding_window;
    WeightLoader loader(file, options, device);
    architecture = make_architecture(hparams, file, loader);
    size.emplace(hparams, *architecture);
    weights = loader.load();
    choose_frequent_panels();
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

/// Unless their number is given, so many are chosen that novelty adds about a tenth to the work of
/// reading, in the models whose vocabulary is large for their layers.
void Model::Impl::choose_frequent_panels() {
    constexpr double share = 0.08;  // of the layers' products; exponentials take a little more
    constexpr double fewest = 8192;
    if (!architecture->sums_logits()) return;
    const auto n_vocab = static_cast<double>(hparams.n_vocab);
    const double n_in_layers =
        static_cast<double>(weights.n_matrix_weights) - n_vocab * hparams.n_embd;
    const double wanted = options.novelty_vocab > 0
                              ? options.novelty_vocab
                              : std::max(share * n_in_layers / hparams.n_embd, fewest);
    if (wanted < n_vocab)
        frequent_panels = frequent_runs(vocabulary, static_cast<int>(wanted), kernels::row_panel);
}

bool Model::Impl::is_summed(Token token) const {
    return frequent_panels.empty() ||
           std::ranges::binary_search(frequent_panels, token / kernels::row_panel);
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
    const auto n_frequent = static_cast<int>(frequent_panels.size()) * kernels::row_panel;
    return {.path = file.path().string(),
            .name = std::string(file.find_string("general.name").value_or(file_name)),
            .architecture = hparams.architecture,
            .device = device_name(device),
            .n_layer = hparams.n_layer,
            .n_layer_kv = size->layers().n(LayerKind::global),
            .n_embd = hparams.n_embd,
            .n_head = hparams.n_head,
            .n_head_kv = hparams.n_head_kv,
            .n_embd_head = hparams.n_embd_head,
            .n_vocab = hparams.n_vocab,
            .n_novelty_vocab =
                frequent_panels.empty() ? hparams.n_vocab : std::min(n_frequent, hparams.n_vocab),
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
    return KvCache::entry_bytes(impl_->size->pot(0, type));
}

std::size_t Model::pot_bytes(int capacity, KvType type, int n_batch) const {
    return impl_->size->bytes(impl_->size->pot(capacity, type), n_batch);
}

int Model::entries_in(std::size_t bytes, KvType type, int n_batch) const {
    const PotSize& size = *impl_->size;
    return size.entries_in(bytes, size.pot(0, type), n_batch, impl_->hparams.n_ctx_train);
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
