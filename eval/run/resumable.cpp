#include "eval/run/resumable.h"

#include "infinipot/error.h"

namespace infinipot::eval {

void run_resumably(const std::string& out, const std::function<void()>& run,
                   const std::function<std::string()>& so_far) {
    try {
        run();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::interrupted) throw;
        throw Error(ErrorCode::interrupted,
                    "interrupted after " + so_far() +
                        (out.empty() ? "" : "; the same command goes on from there"));
    }
}

}  // namespace infinipot::eval
