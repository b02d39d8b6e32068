#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace infinipot {

/// What a chat template may need. A template comes with the file of its model, so it may be
/// hostile. Templates in llama.cpp's models/templates need less than a fifth of each limit. 250
/// levels take at most 400 KiB of the stack, and 2 MiB under the address sanitizer.
struct TemplateLimits {
    int depth = 250;  ///< levels of nesting and recursion
    std::size_t source_bytes = 256 << 10;
    std::size_t text_bytes = 1 << 20;     ///< of each text that it makes
    std::size_t memory_bytes = 64 << 20;  ///< of all its values
    std::chrono::milliseconds time = std::chrono::seconds(10);
};

/// Returns the limits for a template that gets `n_bytes` of messages, which it copies and wraps.
TemplateLimits with_input(TemplateLimits limits, std::size_t n_bytes);

/// Limits the Jinja engine on the thread that makes it, until it is destroyed there. The engine
/// calls the functions of text/template_hooks.h, which throw an exception if a limit is exceeded.
/// The engine's values must not outlive it; it destroys those that hold each other in cycles.
class TemplateRun {
   public:
    explicit TemplateRun(const TemplateLimits& limits);
    ~TemplateRun();
    TemplateRun(const TemplateRun&) = delete;
    TemplateRun& operator=(const TemplateRun&) = delete;

    /// Returns what the template did beyond a limit, as "nests more than 250 levels deep", or
    /// nothing. The engine hides exceptions, so ask after each use of it.
    const std::string& excess() const;

    struct Impl;

   private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace infinipot
