#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace infinipot::eval {

/// A line of RULER's noise: "The grass is green. ...".
extern const std::string_view noise_line;

/// A long text with needles between its sentences. RULER uses a file of Paul Graham's essays. Any
/// other text makes another task, so results must name the text.
///
/// One deviation: a rule of our own finds the ends of sentences; RULER uses nltk's trained Punkt.
class Haystack {
   public:
    explicit Haystack(std::string_view text);

    /// Returns the first `n_words` words, repeating the text if it has fewer. They are returned as
    /// sentences, with one blank between words. The last sentence may be cut.
    std::vector<std::string> sentences(int n_words) const;

   private:
    std::vector<std::string> words_;
    std::vector<bool> ends_sentence_;  // for each word, whether it ends a sentence
};

/// Reads a file of text, or RULER's `PaulGrahamEssays.json`, an object whose "text" is the text.
/// @throws Error(file_error) or Error(bad_text) naming the file
Haystack read_haystack(const std::filesystem::path& path);

}  // namespace infinipot::eval
