#pragma once

#include <stdexcept>
#include <string>

namespace infinipot {

/// Whose fault it was, coarse enough for a program to act on.
/// The command line maps each code to an exit status; one table, in apps/infinipot/exit_status.h.
enum class ErrorCode {
    invalid_argument,   ///< an option, a policy spec or a call makes no sense
    file_error,         ///< a file or folder is missing, unreadable or cannot be written
    bad_model,          ///< the file is not a GGUF model, or is damaged
    unsupported_model,  ///< a valid model that asks for something not implemented
    bad_text,           ///< the text is not UTF-8
    does_not_fit,       ///< text, question or budget is too large or too small for the pot
    out_of_memory,      ///< the machine refused the memory that the budget asks for
    interrupted,        ///< Session::interrupt() was called; the session is still usable
};

/// Thrown at the public edge for every fault of the caller or the world. what() is one sentence
/// that says what is wrong, where, and what to do; a bug of ours is an assertion instead.
class Error : public std::runtime_error {
   public:
    Error(ErrorCode code, const std::string& sentence)
        : std::runtime_error(sentence), code_(code) {}

    ErrorCode code() const noexcept { return code_; }

   private:
    ErrorCode code_;
};

}  // namespace infinipot
