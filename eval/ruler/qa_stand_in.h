#pragma once

#include "eval/ruler/item.h"
#include "eval/ruler/questions.h"

namespace infinipot::eval {

/// A stand-in for RULER's qa_1 and qa_2, questions about documents that lie shuffled among others.
/// The rules, template and score are RULER's; the data is not. RULER asks SQuAD's questions (qa_1)
/// and HotpotQA's (qa_2), 500 of them, among all documents of their files. This asks questions of
/// files of LongBench, of which there are fewer: 2WikiMultihopQA's for qa_1, HotpotQA's for qa_2.
/// So results have a name of their own, and are not to be compared with other people's qa_1 and
/// qa_2.
///
/// A question's documents are the introductions of its own articles, some of which answer it. The
/// others are introductions of other questions' articles and, where these have run out, later
/// paragraphs of the same articles. Where these run out too, the prompt is shorter than it might
/// be.
/// @throws Error(does_not_fit) where not even the question's own documents fit.
RulerItem make_qa_stand_in(const ItemSpec& spec, const Questions& questions, std::size_t index);

}  // namespace infinipot::eval
