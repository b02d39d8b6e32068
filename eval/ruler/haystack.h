#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace infinipot::eval {

/// "The grass is green. ...": a line of RULER's noise.
extern const std::string_view noise_line;

/// A long text that needles are hidden in, between two of its sentences. RULER's is its file of
/// Paul Graham's essays; any other text makes another task, and results have to say which it was.
///
/// One deviation: where a sentence ends is a rule of our own; RULER asks nltk's trained Punkt.
class Haystack {
   public:
    explicit Haystack(std::string_view text);

    /// The first `n_words` words, taken over and over if the text has fewer, as sentences whose
    /// words have one blank between them. The last sentence may be cut.
    std::vector<std::string> sentences(int n_words) const;

   private:
    std::vector<std::string> words_;
    std::vector<bool> ends_sentence_;  // of each word, whether it does
};

/// A file of text, or RULER's own `PaulGrahamEssays.json`, an object whose "text" it is.
/// @throws Error(file_error) or Error(bad_text) naming the file.
Haystack read_haystack(const std::filesystem::path& path);

}  // namespace infinipot::eval
