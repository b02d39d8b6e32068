#pragma once

#include <span>

#include "engine/session_impl.h"

namespace infinipot {

/// How many entries the answer to a question is to be written from: what was asked for, else all
/// (0) or one of Plan::foci. Each is tried for a few tokens, greedily drawn, whose mean ln P says
/// how sure the model is of what it says; a part wins with which it is much surer than with all. A
/// text that has lost nothing is not torn, and is seen as a whole; a question that takes long to
/// read is not read five times. Leaves the pot as it is, and ready for Session::Impl::focus().
/// @throws as the reading of the question
int surest_focus(Session::Impl& session, std::span<const Token> question,
                 const GenerateOptions& options);

}  // namespace infinipot
