#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/hash.h"
#include "base/verified_files.h"
#include "gguf/file.h"
#include "infinipot/model.h"
#include "model/architecture.h"
#include "model/pot_size.h"
#include "tensor/device.h"
#include "text/chat_frame.h"
#include "text/chat_template.h"
#include "text/conversation_frame.h"
#include "text/vocabulary.h"

namespace infinipot {

/// Everything of a model that sessions share: the mapped file, weights, vocabulary. Immutable.
class Model::Impl {
   public:
    Impl(const std::filesystem::path& path, const ModelOptions& options);

    GgufFile file;
    ModelOptions options;
    ggml_backend_dev_t device;
    Hparams hparams;
    Vocabulary vocabulary;
    std::optional<ChatTemplate> chat_template;      ///< nothing without one that can be parsed
    std::optional<ChatFrame> frame;                 ///< nothing if the template gives none
    std::optional<ConversationFrame> conversation;  ///< nothing if the template gives none
    std::string chat_template_error;                ///< why a template gives no frame
    std::vector<std::int32_t> frequent_panels;      ///< SummedTokens::panels
    ArchitecturePtr architecture;
    std::optional<PotSize> size;  ///< of what is read
    WeightStorage weights;
    ModelInfo info;

    /// Returns how layer i of the pot attends in a KV cache of this capacity.
    Attention pot_attention(int i, int capacity) const {
        return architecture->attention(size->layers().layer_of_pot(i), capacity);
    }

    /// Returns the tokens that surprisal is normalised over, if the architecture sums up logits.
    kernels::SummedTokens summed_tokens() const { return {hparams.n_vocab, frequent_panels}; }
    bool is_summed(Token token) const;

    /// Returns the model's fingerprint, computed when it is first asked for. Any thread may ask.
    const Hash128& fingerprint() const;

    mutable VerifiedFiles verified_snapshots;  ///< those that a session was restored from

    /// Returns for each token whether it ends a sentence, found when it is first asked for. Any
    /// thread may ask.
    std::span<const char> sentence_ends() const;

   private:
    mutable std::once_flag fingerprint_once_;
    mutable Hash128 fingerprint_ = {};
    mutable std::once_flag sentence_ends_once_;
    mutable std::vector<char> sentence_ends_;

    void read_chat_template();
    void require_window_fits() const;
    void choose_frequent_panels();
    ModelInfo describe() const;
};

}  // namespace infinipot
