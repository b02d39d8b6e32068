#include "eval/ruler/haystack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "infinipot/error.h"
#include "support/temp_dir.h"

namespace infinipot::eval {
namespace {

using Texts = std::vector<std::string>;

int n_words_of(const std::string& text) {
    return 1 + static_cast<int>(std::ranges::count(text, ' '));
}

Texts sentences(const std::string& text) { return Haystack(text).sentences(n_words_of(text)); }

TEST(Haystack, Puts_one_blank_between_words) {
    EXPECT_EQ(Haystack(" One\n\n two\tthree. ").sentences(3), (Texts{"One two three."}));
}

TEST(Haystack, Splits_into_sentences) {
    EXPECT_EQ(sentences("He came. Who? Nobody! 7 men saw it."),
              (Texts{"He came.", "Who?", "Nobody!", "7 men saw it."}));
    EXPECT_EQ(sentences("\"Come!\" (He came.) So it ends.”"),
              (Texts{"\"Come!\"", "(He came.)", "So it ends.”"}));
}

TEST(Haystack, Does_not_split_after_abbreviations_or_before_small_letters) {
    EXPECT_EQ(sentences("Mr. Holmes met A. Doyle. He and I. They went."),
              (Texts{"Mr. Holmes met A. Doyle.", "He and I.", "They went."}));
    EXPECT_EQ(sentences("\"Who?\" he said. Nobody."), (Texts{"\"Who?\" he said.", "Nobody."}));
}

TEST(Haystack, Repeats_as_needed_and_ends_between_words) {
    EXPECT_EQ(Haystack("One two. Three.").sentences(8),
              (Texts{"One two.", "Three.", "One two.", "Three.", "One two."}));
    EXPECT_EQ(Haystack("One two. Three.").sentences(4), (Texts{"One two.", "Three.", "One"}));
    EXPECT_TRUE(Haystack("One.").sentences(0).empty());
}

TEST(Haystack, May_be_RULERs_own_file) {
    const TempDir folder;
    const auto path = folder.write("PaulGrahamEssays.json", R"({"text": "One two. Three."})");
    EXPECT_EQ(read_haystack(path).sentences(3), (Texts{"One two.", "Three."}));
}

TEST(Haystack, Reports_an_error_with_its_file) {
    const TempDir folder;
    const auto refusal = [&](const char* name, ErrorCode code = ErrorCode::file_error) {
        try {
            read_haystack(folder / name);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), code);
            const std::string sentence = error.what();
            const auto at = sentence.find(folder.path().string() + "/");
            return at == std::string::npos
                       ? sentence
                       : std::string(sentence).erase(at, folder.path().string().size() + 1);
        }
        return std::string("nothing was thrown");
    };
    folder.write("empty.txt", " \n");
    folder.write("latin.txt", "caf\xE9");
    folder.write("list.json", "[]");
    folder.write("other.json", R"({"essay": "One."})");
    folder.write("blank.json", R"({"text": " "})");
    EXPECT_EQ(refusal("none.txt"), "cannot read none.txt");
    EXPECT_EQ(refusal("."), "cannot read .");
    EXPECT_EQ(refusal("empty.txt"), "empty.txt is empty");
    EXPECT_EQ(refusal("latin.txt", ErrorCode::bad_text), "latin.txt is not UTF-8 at byte 3");
    EXPECT_EQ(refusal("list.json"), "list.json is not a JSON object");
    EXPECT_EQ(refusal("other.json"), "other.json: there is no \"text\"");
    EXPECT_EQ(refusal("blank.json"), "blank.json: \"text\" is empty");
}

}  // namespace
}  // namespace infinipot::eval
