#pragma once

#include <string>
#include <string_view>

/// Passkey retrieval: a number hidden in a text of garbage must be found again.
/// Sources: Mohtashami & Jaggi 2023 (landmark attention) with LongLoRA's lengths; llama.cpp's
/// passkey; InfiniteBench (Zhang et al. 2024).
namespace infinipot::eval {

enum class PasskeyFormat {
    landmark,        ///< lines; garbage is cut anywhere, by characters
    llama_cpp,       ///< one line; garbage is cut between its sentences' repetitions
    infinite_bench,  ///< a line for each repetition; the key has five digits
};

struct PasskeySettings {
    PasskeyFormat format = PasskeyFormat::landmark;
    int length = 4096;   ///< tokens that the text is meant to have
    double depth = 0.5;  ///< where the key stands: 0 at the start, 1 at the end
    int key_index = 0;   ///< which of the random keys
    unsigned seed = 1;   ///< of all keys
};

struct Passkey {
    std::string key;   ///< a number from 1 to 50000, or five digits
    std::string text;  ///< the task, garbage, the key, garbage
    std::string question;
};

/// "What is the pass key? The pass key is": the question of all keys.
extern const std::string_view passkey_question;

/// The sentences that a key is hidden in, over and over.
extern const std::string_view passkey_garbage;

/// What is hidden: the key is said twice.
std::string passkey_sentences(const std::string& key);

/// Equal settings make equal texts, and texts of different depth hide the same keys.
Passkey make_passkey(const PasskeySettings& settings);

/// Whether the first number in the answer is the key.
bool found_passkey(std::string_view answer, std::string_view key);

}  // namespace infinipot::eval
