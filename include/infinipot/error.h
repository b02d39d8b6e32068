#pragma once

#include <stdexcept>
#include <string>

namespace infinipot {

/// Kind of a fault, coarse enough for a program to act on. The command line maps each code to an
/// exit status in apps/infinipot/exit_status.h.
enum class ErrorCode {
    invalid_argument,   ///< an option, a policy spec or a call is wrong in itself
    file_error,         ///< a file or folder is missing, unreadable or cannot be written
    bad_model,          ///< the file is damaged or no GGUF model
    unsupported_model,  ///< the model is valid but needs something that is not implemented
    bad_text,           ///< the text is not UTF-8
    does_not_fit,       ///< text, question or budget is too large or too small for the KV cache
    out_of_memory,      ///< the machine refused the memory that the budget needs
    interrupted,        ///< Session::interrupt() was called; the session is still usable
    bad_snapshot,       ///< the snapshot is damaged, or of another model or version
};

/// Exception that the public API throws for every fault of the caller or of its surroundings.
/// what() is one sentence: what is wrong, where, and what to do. A bug in the library itself is an
/// assertion instead.
class Error : public std::runtime_error {
   public:
    Error(ErrorCode code, const std::string& sentence)
        : std::runtime_error(sentence), code_(code) {}

    ErrorCode code() const noexcept { return code_; }

   private:
    ErrorCode code_;
};

}  // namespace infinipot
