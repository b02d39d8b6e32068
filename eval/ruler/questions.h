#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace infinipot::eval {

/// A question and the articles of an encyclopedia that it refers to.
struct Question {
    std::string text;
    std::vector<std::string> answers;
    /// The title and first paragraph of each article. HotpotQA and 2WikiMultihopQA refer to these
    /// alone.
    std::vector<std::string> introductions = {};
    std::vector<std::string> later_paragraphs = {};  ///< each below its article's title
};

using Questions = std::vector<Question>;

/// Reads a file of LongBench whose contexts are lists of "Passage 1:", a title and paragraphs:
/// hotpotqa, 2wikimqa or musique.
/// @throws Error(file_error) or Error(bad_text) naming file, line and what is wrong
Questions read_questions(const std::filesystem::path& path);

}  // namespace infinipot::eval
