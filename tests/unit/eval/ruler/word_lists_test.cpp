#include "eval/ruler/word_lists.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "infinipot/error.h"
#include "support/temp_dir.h"

namespace infinipot::eval {
namespace {

using Texts = std::vector<std::string>;

class WordListFiles : public testing::Test {
   protected:
    WordListFiles() {
        folder_.write("wonderwords_adjectivelist.txt", "red\nbig \n\nred\n");
        folder_.write("wonderwords_nounlist.txt", "sun\r\nice cream\r\n");
        folder_.write("wonderwords_verblist.txt", "sun\ngo");
    }

    std::string refusal(ErrorCode code) {
        try {
            read_word_lists(folder_.path());
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), code);
            std::string sentence = error.what();
            const std::string path = folder_.path().string() + "/";
            return sentence.erase(sentence.find(path), path.size());
        }
        return "nothing was thrown";
    }

    TempDir folder_;
};

TEST_F(WordListFiles, Contain_every_word_once_in_order) {
    const WordLists lists = read_word_lists(folder_.path());
    EXPECT_EQ(lists.adjectives, (Texts{"big", "red"}));
    EXPECT_EQ(lists.nouns, (Texts{"ice cream", "sun"}));
    EXPECT_EQ(lists.all, (Texts{"big", "go", "ice cream", "red", "sun"}));
}

TEST_F(WordListFiles, Are_refused_with_their_name) {
    folder_.write("wonderwords_nounlist.txt", "caf\xE9\n");
    EXPECT_EQ(refusal(ErrorCode::bad_text), "wonderwords_nounlist.txt is not UTF-8 at byte 3");
    folder_.write("wonderwords_nounlist.txt", "\n \n");
    EXPECT_EQ(refusal(ErrorCode::file_error), "wonderwords_nounlist.txt is empty");
    std::filesystem::remove(folder_ / "wonderwords_nounlist.txt");
    EXPECT_EQ(refusal(ErrorCode::file_error), "cannot read wonderwords_nounlist.txt");
}

}  // namespace
}  // namespace infinipot::eval
