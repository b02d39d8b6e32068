#pragma once

#include <string>
#include <string_view>

/// Passkey retrieval: the model must find a number that is hidden in a text of repeated sentences.
/// Sources: Mohtashami & Jaggi 2023 (landmark attention) with LongLoRA's lengths; llama.cpp's
/// passkey; InfiniteBench (Zhang et al. 2024).
namespace infinipot::eval {

enum class PasskeyFormat {
    landmark,        ///< several lines; the filler is cut after any character
    llama_cpp,       ///< one line; the filler is cut between repetitions
    infinite_bench,  ///< a line for each repetition of the filler; the key has five digits
};

struct PasskeySettings {
    PasskeyFormat format = PasskeyFormat::landmark;
    int length = 4096;   ///< tokens of the text, approximately
    double depth = 0.5;  ///< where the key stands: 0 at the start, 1 at the end
    int key_index = 0;   ///< index of the random key
    unsigned seed = 1;   ///< of all keys
};

struct Passkey {
    std::string key;   ///< a number from 1 to 50000, or five digits
    std::string text;  ///< the task, filler, the key, filler
    std::string question;
};

/// The question of all keys: "What is the pass key? The pass key is".
extern const std::string_view passkey_question;

/// The filler: the sentences that are repeated around a key.
extern const std::string_view passkey_garbage;

/// Returns the sentences that are hidden; they state the key twice.
std::string passkey_sentences(const std::string& key);

/// Returns the text with its key. Equal settings return equal texts. The keys do not depend on the
/// depth.
Passkey make_passkey(const PasskeySettings& settings);

/// Returns whether the first number in the answer is the key.
bool found_passkey(std::string_view answer, std::string_view key);

}  // namespace infinipot::eval
