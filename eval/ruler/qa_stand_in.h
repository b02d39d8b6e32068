#pragma once

#include "eval/ruler/item.h"
#include "eval/ruler/questions.h"

namespace infinipot::eval {

/// A stand-in for RULER's qa_1 and qa_2: questions about documents that are shuffled among others.
/// Rules, template and score are RULER's, and the data is not. RULER asks 500 questions of SQuAD
/// (qa_1) and HotpotQA (qa_2), among all documents of their files. The stand-in asks questions from
/// files of LongBench, which has fewer: 2WikiMultihopQA for qa_1 and HotpotQA for qa_2. Results
/// therefore have other names, and must not be compared with published scores of qa_1 and qa_2.
///
/// The documents of a question are the introductions of its own articles, some of which answer it.
/// The other documents are introductions of other questions' articles and, when these run out,
/// later paragraphs of the same articles. When these run out too, the prompt is shorter than the
/// length.
/// @throws Error(does_not_fit) if the question's own documents do not fit
RulerItem make_qa_stand_in(const ItemSpec& spec, const Questions& questions, std::size_t index);

}  // namespace infinipot::eval
