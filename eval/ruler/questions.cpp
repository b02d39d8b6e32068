#include "eval/ruler/questions.h"

#include <algorithm>
#include <string_view>

#include "eval/text/json_lines.h"

namespace infinipot::eval {
namespace {

/// Returns the pieces between separators, without empty ones.
std::vector<std::string> pieces_between(std::string_view text, std::string_view separator) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(separator, at), text.size());
        const std::string_view piece = text.substr(at, end - at);
        if (piece.find_first_not_of(" \n") != std::string_view::npos) pieces.emplace_back(piece);
        at = end + separator.size();
    }
    return pieces;
}

/// Returns the articles of a context: the texts between "Passage i:" and "Passage i + 1:".
std::vector<std::string> articles_of(const std::string& context) {
    std::vector<std::string> articles;
    const auto heading = [](std::size_t i) { return "Passage " + std::to_string(i) + ":\n"; };
    std::size_t at = context.starts_with(heading(1)) ? 0 : std::string::npos;
    for (std::size_t i = 1; at != std::string::npos; ++i) {
        const std::size_t begin = at + heading(i).size();
        const std::size_t next = context.find('\n' + heading(i + 1), begin);
        articles.push_back(context.substr(begin, next - begin));
        at = next == std::string::npos ? next : next + 1;
    }
    return articles;
}

void take_article(const std::string& article, Question& question) {
    const std::string title = article.substr(0, article.find('\n'));
    const std::vector<std::string> paragraphs = pieces_between(article, "\n\n");
    for (std::size_t i = 0; i < paragraphs.size(); ++i) {
        if (i == 0) {
            question.introductions.push_back(paragraphs[i]);  // begins with the title
        } else {
            question.later_paragraphs.push_back(title + '\n' + paragraphs[i]);
        }
    }
}

Question read_question(const Record& record) {
    Question question = {.text = record.text("input"), .answers = record.texts("answers")};
    for (const std::string& article : articles_of(record.text("context"))) {
        take_article(article, question);
    }
    if (question.introductions.empty()) {
        record.refuse("its \"context\" is no list of \"Passage 1:\" and more");
    }
    return question;
}

}  // namespace

Questions read_questions(const std::filesystem::path& path) {
    Questions questions;
    for (const Record& record : read_json_lines(path)) questions.push_back(read_question(record));
    return questions;
}

}  // namespace infinipot::eval
