#include "gguf/tokenizer_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "gguf/format.h"
#include "infinipot/error.h"

namespace infinipot {
namespace {

constexpr std::uint64_t max_tokens = 10'000'000;
/// Far above real vocabularies: their longest token has 1024 bytes, and the squares of the lengths
/// sum to 5e7. libllama's decoding of a damaged byte-level token takes memory in the square of its
/// length.
constexpr std::size_t max_token_bytes = 4096;
constexpr std::uint64_t max_sum_of_squares = 1ull << 30;

constexpr std::string_view tokens_key = "tokenizer.ggml.tokens";
constexpr std::string_view scores_key = "tokenizer.ggml.scores";
constexpr std::string_view token_type_key = "tokenizer.ggml.token_type";
constexpr std::string_view merges_key = "tokenizer.ggml.merges";
constexpr const char* bos_key = "tokenizer.ggml.bos_token_id";
constexpr const char* eos_key = "tokenizer.ggml.eos_token_id";
constexpr const char* eot_key = "tokenizer.ggml.eot_token_id";
constexpr const char* eom_key = "tokenizer.ggml.eom_token_id";

constexpr std::array string_keys = {"general.architecture", "general.name", "tokenizer.ggml.model",
                                    "tokenizer.ggml.pre", "tokenizer.chat_template"};

constexpr std::array bool_keys = {"tokenizer.ggml.add_bos_token",
                                  "tokenizer.ggml.add_eos_token",
                                  "tokenizer.ggml.add_sep_token",
                                  "tokenizer.ggml.add_space_prefix",
                                  "tokenizer.ggml.remove_extra_whitespaces",
                                  "tokenizer.ggml.normalizer.lowercase",
                                  "tokenizer.ggml.normalizer.strip_accents"};

constexpr std::array token_id_keys = {bos_key,
                                      eos_key,
                                      eot_key,
                                      eom_key,
                                      "tokenizer.ggml.unknown_token_id",
                                      "tokenizer.ggml.seperator_token_id",
                                      "tokenizer.ggml.padding_token_id",
                                      "tokenizer.ggml.cls_token_id",
                                      "tokenizer.ggml.mask_token_id",
                                      "tokenizer.ggml.fim_pre_token_id",
                                      "tokenizer.ggml.fim_suf_token_id",
                                      "tokenizer.ggml.fim_mid_token_id",
                                      "tokenizer.ggml.fim_pad_token_id",
                                      "tokenizer.ggml.fim_rep_token_id",
                                      "tokenizer.ggml.fim_sep_token_id",
                                      "tokenizer.ggml.prefix_token_id",
                                      "tokenizer.ggml.suffix_token_id",
                                      "tokenizer.ggml.middle_token_id"};

/// Returns the part of a string that libllama reads: up to the first zero byte.
std::string_view as_c_string(std::string_view text) { return text.substr(0, text.find('\0')); }

/// Numbers of the token types in GGUF.
enum TokenType : std::int32_t { token_type_undefined = 0, token_type_byte = 6 };

class TokenizerCheck {
   public:
    explicit TokenizerCheck(const GgufFile& file) : file_(file) {}

    void run() {
        check_scalars();
        check_model();
        check_tokens();
        check_scores();
        check_token_types();
        check_merges();
        check_bytes();
        check_special_ids();
        check_added_ids();
    }

   private:
    void check_scalars() const;
    void check_model();
    void check_tokens();
    void check_lengths() const;
    void check_scores() const;
    void check_token_types() const;
    void check_byte_token(std::size_t id) const;
    void check_merges() const;
    void check_bytes() const;
    void check_special_ids() const;
    void check_added_ids() const;
    std::string_view pre_tokenizer() const {
        return as_c_string(file_.find_string("tokenizer.ggml.pre").value_or(""));
    }
    bool adds(const char* key, bool by_default) const;
    void require_id(const char* key, std::int64_t default_id, const std::string& purpose) const;

    const GgufEntry* find_scalar(std::string_view key, GgufType type) const;
    const GgufEntry* find_array(std::string_view key, std::initializer_list<GgufType> types) const;
    const GgufEntry* find_per_token(std::string_view key,
                                    std::initializer_list<GgufType> types) const;

    [[noreturn]] void fail(const std::string& what) const {
        throw Error(ErrorCode::bad_model, file_.path().string() + " has a damaged tokenizer: " +
                                              what + "; convert or download the model again");
    }
    [[noreturn]] void fail_unsupported(const std::string& what) const {
        throw Error(ErrorCode::unsupported_model,
                    file_.path().string() + " has a tokenizer that is not implemented: " + what +
                        "; use another model");
    }

    const GgufFile& file_;
    std::vector<std::string_view> tokens_;
    bool is_bpe_ = false;  ///< else SentencePiece
};

const GgufEntry* TokenizerCheck::find_scalar(std::string_view key, GgufType type) const {
    const GgufEntry* const entry = file_.find(key);
    if (entry != nullptr && (entry->is_array || entry->type != type)) {
        fail(std::string(key) + " must be a single " + std::string(gguf_type_name(type)));
    }
    return entry;
}

const GgufEntry* TokenizerCheck::find_array(std::string_view key,
                                            std::initializer_list<GgufType> types) const {
    const GgufEntry* const entry = file_.find(key);
    if (entry == nullptr) return nullptr;
    const bool known = std::find(types.begin(), types.end(), entry->type) != types.end();
    if (!entry->is_array || !known) {
        fail(std::string(key) + " must be an array of " +
             std::string(gguf_type_name(*types.begin())));
    }
    return entry;
}

/// libllama reads one element for every token and ignores further ones.
const GgufEntry* TokenizerCheck::find_per_token(std::string_view key,
                                                std::initializer_list<GgufType> types) const {
    const GgufEntry* const entry = find_array(key, types);
    if (entry != nullptr && entry->n < tokens_.size()) {
        fail(std::string(key) + " has " + std::to_string(entry->n) + " elements for " +
             std::to_string(tokens_.size()) + " tokens");
    }
    return entry;
}

/// Checks every scalar that libllama reads with `vocab_only`, in the exact type that it reads.
void TokenizerCheck::check_scalars() const {
    for (const char* const key : string_keys) find_scalar(key, GgufType::string);
    for (const char* const key : bool_keys) find_scalar(key, GgufType::boolean);
    for (const char* const key : token_id_keys) find_scalar(key, GgufType::u32);
    find_scalar("tokenizer.ggml.token_type_count", GgufType::u32);
    find_scalar("general.alignment", GgufType::u32);
    find_scalar("general.file_type", GgufType::u32);
    find_scalar("split.no", GgufType::u16);
    find_scalar("split.count", GgufType::u16);
    find_scalar("split.tensors.count", GgufType::i32);
    find_array("tokenizer.ggml.suppress_tokens", {GgufType::i32});
}

void TokenizerCheck::check_model() {
    const auto model = file_.find_string("tokenizer.ggml.model");
    if (!model) fail("tokenizer.ggml.model is missing");
    is_bpe_ = *model == "gpt2";
    if (!is_bpe_ && *model != "llama") {
        fail_unsupported("it is of the kind \"" + gguf::printable(*model) +
                         "\", and only \"llama\" (SentencePiece) and \"gpt2\" (byte-level BPE) "
                         "are known");
    }
    // libllama looks up pairs with spaces in these two pre-tokenizers, and aborts on them.
    const std::string_view pre = pre_tokenizer();
    if (is_bpe_ && (pre == "bloom" || pre == "poro-chat")) {
        fail_unsupported("its pre-tokenizer is \"" + std::string(pre) + "\"");
    }
}

void TokenizerCheck::check_tokens() {
    const GgufEntry* const entry = find_array(tokens_key, {GgufType::string});
    if (entry == nullptr) fail(std::string(tokens_key) + " is missing");
    if (entry->n == 0 || entry->n >= max_tokens) {
        fail("it has " + std::to_string(entry->n) + " tokens");
    }
    tokens_ = *file_.find_strings(tokens_key);
    for (std::string_view& token : tokens_) token = as_c_string(token);
    check_lengths();
    // libllama renames empty tokens to [EMPTY_number], and asserts that no two tokens are alike.
    std::unordered_set<std::string> names;
    names.reserve(tokens_.size());
    for (std::size_t id = 0; id < tokens_.size(); ++id) {
        std::string name(tokens_[id]);
        if (name.empty()) name = "[EMPTY_" + std::to_string(id) + "]";
        if (!names.insert(std::move(name)).second) {
            fail("token " + std::to_string(id) + " (" + gguf::printable(tokens_[id]) +
                 ") occurs twice");
        }
    }
}

void TokenizerCheck::check_lengths() const {
    std::uint64_t sum_of_squares = 0;
    for (std::size_t id = 0; id < tokens_.size(); ++id) {
        const std::size_t n = tokens_[id].size();
        sum_of_squares += std::uint64_t{n} * n;
        if (n > max_token_bytes) {
            fail("token " + std::to_string(id) + " is " + std::to_string(n) + " bytes long");
        }
    }
    if (sum_of_squares > max_sum_of_squares) fail("its tokens are too long");
}

void TokenizerCheck::check_scores() const {
    const GgufEntry* const entry = find_per_token(scores_key, {GgufType::f32, GgufType::i32});
    if (entry == nullptr || entry->type != GgufType::f32) return;
    for (std::size_t id = 0; id < tokens_.size(); ++id) {
        if (std::isnan(gguf::load<float>(entry->bytes.data() + id * sizeof(float)))) {
            fail("the score of token " + std::to_string(id) + " is not a number");
        }
    }
}

void TokenizerCheck::check_token_types() const {
    const GgufEntry* const entry = find_per_token(token_type_key, {GgufType::i32});
    if (entry == nullptr) return;
    for (std::size_t id = 0; id < tokens_.size(); ++id) {
        const auto type = gguf::load<std::int32_t>(entry->bytes.data() + id * sizeof(std::int32_t));
        if (type < token_type_undefined || type > token_type_byte) {
            fail("token " + std::to_string(id) + " has the unknown type " + std::to_string(type));
        }
        if (type == token_type_byte) check_byte_token(id);
    }
}

/// libllama reads the two characters after "<0x" without a check.
void TokenizerCheck::check_byte_token(std::size_t id) const {
    const std::string_view token = tokens_[id];
    const auto is_hex = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
    };
    const bool well_formed = token.size() == 6 && token.starts_with("<0x") && token[5] == '>' &&
                             is_hex(token[3]) && is_hex(token[4]);
    if (!well_formed) {
        fail("token " + std::to_string(id) + " (" + gguf::printable(token) +
             ") stands for a byte but does not look like <0x0A>");
    }
}

void TokenizerCheck::check_merges() const {
    const GgufEntry* const entry = find_array(merges_key, {GgufType::string});
    if (is_bpe_ && entry == nullptr) fail(std::string(merges_key) + " is missing");
}

/// SentencePiece falls back to bytes for unknown characters. Without byte tokens libllama throws in
/// the middle of a text.
void TokenizerCheck::check_bytes() const {
    if (is_bpe_) return;
    const std::unordered_set<std::string_view> names(tokens_.begin(), tokens_.end());
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (std::size_t byte = 0; byte < 256; ++byte) {
        const std::string token = {'<', '0', 'x', digits[byte / 16], digits[byte % 16], '>'};
        const char raw = static_cast<char>(byte);
        if (!names.contains(token) && (byte == 0 || !names.contains({&raw, 1}))) {
            fail_unsupported("it has no token " + token + ", so that it cannot express every text");
        }
    }
}

/// libllama ignores token ids out of range. For ids that begin or end texts, nobody would notice.
void TokenizerCheck::check_special_ids() const {
    for (const char* const key : {bos_key, eos_key, eot_key, eom_key}) {
        const auto id = file_.find_u32(key);
        if (id && *id >= tokens_.size()) {
            fail(std::string(key) + " is " + std::to_string(*id) + " but there are only " +
                 std::to_string(tokens_.size()) + " tokens");
        }
    }
}

/// libllama asserts that every token exists that it has to add at the start or the end.
void TokenizerCheck::check_added_ids() const {
    const std::string_view pre = pre_tokenizer();
    const bool has_no_default = is_bpe_ && (pre == "glm4" || pre == "chatglm-bpe");
    // The default of byte-level tokenizers depends on the pre-tokenizer; assume that they add one.
    const bool by_default = !has_no_default;
    if (adds("tokenizer.ggml.add_bos_token", by_default)) {
        const std::int64_t default_id = has_no_default ? -1 : is_bpe_ ? 11 : 1;
        require_id(bos_key, default_id, "begins");
    }
    if (adds("tokenizer.ggml.add_eos_token", false)) {
        require_id(eos_key, is_bpe_ ? 11 : 2, "ends");
    }
}

bool TokenizerCheck::adds(const char* key, bool by_default) const {
    return file_.find_bool(key).value_or(by_default);
}

void TokenizerCheck::require_id(const char* key, std::int64_t default_id,
                                const std::string& purpose) const {
    const auto n_tokens = static_cast<std::int64_t>(tokens_.size());
    if (file_.has(key) || (default_id >= 0 && default_id < n_tokens)) return;
    fail(std::string(key) + " is missing, the token that " + purpose + " a text");
}

}  // namespace

void validate_tokenizer(const GgufFile& file) { TokenizerCheck(file).run(); }

}  // namespace infinipot
