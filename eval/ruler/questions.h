#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace infinipot::eval {

/// A question and the encyclopedia's articles that it was asked about.
struct Question {
    std::string text;
    std::vector<std::string> answers;
    /// Of each article its title and first paragraph. HotpotQA and 2WikiMultihopQA were asked about
    /// these alone.
    std::vector<std::string> introductions = {};
    std::vector<std::string> later_paragraphs = {};  ///< each under its article's title
};

using Questions = std::vector<Question>;

/// A file of LongBench whose contexts are lists of "Passage 1:", a title and paragraphs: its
/// hotpotqa, 2wikimqa or musique.
/// @throws Error(file_error) or Error(bad_text) naming file, line and what is wrong.
Questions read_questions(const std::filesystem::path& path);

}  // namespace infinipot::eval
