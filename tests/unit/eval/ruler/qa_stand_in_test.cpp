#include "eval/ruler/qa_stand_in.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "infinipot/error.h"
#include "support/ruler_items.h"
#include "support/temp_dir.h"

namespace infinipot::eval {
namespace {

using namespace testing_ruler;
using Texts = std::vector<std::string>;

/// A dataset of four questions with three articles each, of an introduction and two paragraphs.
Questions small_questions() {
    Questions questions;
    for (int q = 0; q < 4; ++q) {
        const std::string name = std::string(1, static_cast<char>('A' + q));
        Question question = {.text = "Who is " + name + "?", .answers = {"Ann", name}};
        for (const char* article : {"1", "2", "3"}) {
            question.introductions.push_back(name + article + "\nIntroduction of it.");
            for (const char* paragraph : {"First.", "Second."}) {
                question.later_paragraphs.push_back(name + article + "\n" + paragraph);
            }
        }
        questions.push_back(question);
    }
    return questions;
}

RulerItem make_qa(int length, std::size_t index = 0,
                  const Questions& questions = small_questions()) {
    return make_qa_stand_in({"item " + std::to_string(index), length, 32, count_words}, questions,
                            index);
}

/// Returns the text between "Document i:" and the next one, or the end.
Texts documents_of(const RulerItem& item) {
    Texts documents;
    std::size_t at = item.text.find("Document 1:\n");
    for (int i = 1; at != std::string::npos; ++i) {
        const std::string heading = "Document " + std::to_string(i) + ":\n";
        EXPECT_EQ(item.text.compare(at, heading.size(), heading), 0);
        const std::size_t begin = at + heading.size();
        const std::size_t end = item.text.find("\n\nDocument ", begin);
        documents.push_back(item.text.substr(begin, end - begin));
        at = end == std::string::npos ? end : end + 2;
    }
    return documents;
}

TEST(QaStandIn, Asks_as_RULER_does) {
    const RulerItem item = make_qa(200);
    const std::string instruction =
        "Answer the question based on the given documents. Only give me the answer and do not "
        "output any other words.\n\n";
    EXPECT_TRUE(
        item.text.starts_with(instruction + "The following are given documents.\n\nDocument 1:\n"));
    EXPECT_EQ(item.question, "\n\n" + instruction + "Question: Who is A?");
    EXPECT_EQ(item.answer_prefix, " Answer:");
    EXPECT_EQ(item.references, (Texts{"Ann", "A"}));
    EXPECT_EQ(item.max_tokens, 32);
}

TEST(QaStandIn, Contains_all_introductions_of_the_question_among_others) {
    std::set<std::size_t> places;
    for (std::size_t index = 0; index < 4; ++index) {
        const Questions questions = small_questions();
        const RulerItem item = make_qa(140, index);
        EXPECT_LE(item.n_prompt_tokens + 32, 140);
        EXPECT_GT(item.n_prompt_tokens + 32, 140 - 7);
        const Texts documents = documents_of(item);
        EXPECT_EQ(std::set(documents.begin(), documents.end()).size(), documents.size());
        for (const std::string& own : questions[index].introductions) {
            const auto at = std::ranges::find(documents, own);
            ASSERT_NE(at, documents.end()) << own;
            places.insert(static_cast<std::size_t>(at - documents.begin()));
        }
        EXPECT_GT(documents.size(), 3u);
    }
    EXPECT_GT(places.size(), 3u) << "shuffled";
}

TEST(QaStandIn, Uses_later_paragraphs_after_all_introductions) {
    const auto n_later = [](int length) {
        return std::ranges::count_if(documents_of(make_qa(length)), [](const std::string& text) {
            return !text.ends_with("Introduction of it.");
        });
    };
    EXPECT_EQ(n_later(140), 0);
    EXPECT_GT(n_later(200), 0);
    const Texts all = documents_of(make_qa(10'000));
    EXPECT_EQ(all.size(), 3 + 3 * (3 + 6u)) << "all but its own later paragraphs";
}

TEST(QaStandIn, Contains_a_document_of_two_questions_once) {
    Questions questions = small_questions();
    questions[1].introductions[0] = questions[0].introductions[0];
    questions[2].introductions[0] = questions[3].introductions[0];
    const Texts all = documents_of(make_qa(10'000, 0, questions));
    EXPECT_EQ(std::set(all.begin(), all.end()).size(), all.size());
    EXPECT_EQ(all.size(), 30u - 2);
}

TEST(QaStandIn, Is_refused_if_its_own_documents_do_not_fit) { EXPECT_THROW(make_qa(90), Error); }

class QuestionsFile : public testing::Test {
   protected:
    Questions read(const std::string& lines) {
        return read_questions(folder_.write("hotpotqa.jsonl", lines));
    }
    TempDir folder_;
};

TEST_F(QuestionsFile, Is_cut_into_introductions_and_later_paragraphs) {
    const Questions questions = read(
        R"({"input": "Who?", "answers": ["Ann", "Bob"], "context": "Passage 1:\nTown\nA town.\nIt is old.)"
        R"(\n\nHistory\nLong.\n\n\nPassage 2:\nAnn\nA girl. Passage 3: none."})");
    ASSERT_EQ(questions.size(), 1u);
    const Question& question = questions[0];
    EXPECT_EQ(question.text, "Who?");
    EXPECT_EQ(question.answers, (Texts{"Ann", "Bob"}));
    EXPECT_EQ(question.introductions,
              (Texts{"Town\nA town.\nIt is old.", "Ann\nA girl. Passage 3: none."}));
    EXPECT_EQ(question.later_paragraphs, (Texts{"Town\nHistory\nLong."}));
}

TEST_F(QuestionsFile, Reports_an_error_with_file_and_line) {
    try {
        read(R"({"input": "Who?", "answers": ["Ann"], "context": "One text."})");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::file_error);
        EXPECT_TRUE(std::string(error.what())
                        .ends_with("hotpotqa.jsonl, line 1: its \"context\" is no list of "
                                   "\"Passage 1:\" and more"));
    }
    EXPECT_THROW(read("{\"input\": \"caf\xE9\"}"), Error);
    EXPECT_THROW(read(""), Error);
    EXPECT_THROW(read_questions(folder_ / "none.jsonl"), Error);
}

}  // namespace
}  // namespace infinipot::eval
