#include "text/sentence_ends.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/paths.h"

namespace infinipot {
namespace {

class SentenceEnds : public testing::TestWithParam<const char*> {
   protected:
    Vocabulary vocabulary_{llama_file("models/ggml-vocab-") + GetParam() + ".gguf"};

    /// The text with a bar behind each token that ends a sentence.
    std::string marked(std::string_view text) const {
        const std::vector<char> ends = sentence_ends(vocabulary_);
        std::string marked;
        for (const Token token : vocabulary_.tokenize(text)) {
            marked += vocabulary_.piece(token);
            if (ends[static_cast<std::size_t>(token)] != 0) marked += '|';
        }
        return marked;
    }
};

TEST_P(SentenceEnds, Sentences_end_at_full_stops_and_other_end_marks_but_not_at_commas) {
    EXPECT_EQ(marked(" It rained, late; he slept. Did he? No! So"),
              " It rained, late; he slept.| Did he?| No!| So");
}

TEST_P(SentenceEnds, Sentences_end_at_line_breaks) {
    EXPECT_EQ(marked("int a = 1;\nint b = 2"), "int a = 1;\n|int b = 2");
}

TEST_P(SentenceEnds, A_token_with_closing_marks_behind_its_end_mark_ends_a_sentence) {
    const std::string text = marked(" \"He slept.\" (So he did.) Well");
    EXPECT_TRUE(text == " \"He slept.\"| (So he did.)| Well" ||
                text == " \"He slept.|\" (So he did.)| Well" ||
                text == " \"He slept.|\" (So he did.|) Well")
        << text;
}

INSTANTIATE_TEST_SUITE_P(Of, SentenceEnds, testing::Values("llama-spm", "llama-bpe", "gpt-2"),
                         [](const auto& test) {
                             std::string name = test.param;
                             std::erase(name, '-');
                             return name;
                         });

}  // namespace
}  // namespace infinipot
