#include "eval/ruler/qa_stand_in.h"

#include <set>
#include <string>
#include <vector>

#include "eval/ruler/random.h"

namespace infinipot::eval {
namespace {

using Texts = std::vector<std::string>;

constexpr const char* instruction =
    "Answer the question based on the given documents. Only give me the answer and do not output "
    "any other words.";

/// Returns the documents of other questions, introductions first. Each occurs once, and none is the
/// question's own.
Texts other_documents(const Questions& questions, const Question& question, Random& random) {
    std::set<std::string> taken(question.introductions.begin(), question.introductions.end());
    Texts documents;
    for (const auto part : {&Question::introductions, &Question::later_paragraphs}) {
        Texts some;
        for (const Question& other : questions) {
            if (&other == &question) continue;
            for (const std::string& document : other.*part) {
                if (taken.insert(document).second) some.push_back(document);
            }
        }
        random.shuffle(some);
        documents.insert(documents.end(), some.begin(), some.end());
    }
    return documents;
}

std::string numbered(const Texts& documents) {
    std::string list;
    for (std::size_t i = 0; i < documents.size(); ++i) {
        list +=
            (i == 0 ? "Document " : "\n\nDocument ") + std::to_string(i + 1) + ":\n" + documents[i];
    }
    return list;
}

RulerItem frame(const Question& question, const Texts& documents) {
    return {.text = std::string(instruction) + "\n\nThe following are given documents.\n\n" +
                    numbered(documents),
            .question = std::string("\n\n") + instruction + "\n\nQuestion: " + question.text,
            .answer_prefix = " Answer:",
            .references = question.answers};
}

}  // namespace

RulerItem make_qa_stand_in(const ItemSpec& spec, const Questions& questions, std::size_t index) {
    const Question& question = questions.at(index);
    Random random(spec.name);
    const Texts others = other_documents(questions, question, random);
    return fill(spec, 0, static_cast<int>(others.size()), [&](int n) {
        Texts documents = question.introductions;
        documents.insert(documents.end(), others.begin(), others.begin() + n);
        Random(spec.name + ":order").shuffle(documents);
        return frame(question, documents);
    });
}

}  // namespace infinipot::eval
