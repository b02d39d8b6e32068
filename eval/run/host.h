#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "infinipot/session.h"

namespace infinipot::eval {

/// The services of the program that runs an experiment: progress, interruption and messages. This
/// base class does nothing, which is enough for tests. Several threads may call one host at a time.
class Host {
   public:
    using OnProgress = std::function<void(const Progress&)>;

    /// Watches one session while it lives.
    class Watch {
       public:
        Watch() = default;
        virtual ~Watch() = default;
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;
    };

    Host() = default;
    virtual ~Host() = default;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    /// Returns a callback that shows the progress of one reading. The display ends with the
    /// callback.
    /// @param n_bytes bytes of the text; nothing if they are not known
    virtual OnProgress begin_reading(std::optional<std::uint64_t> n_bytes);

    /// Returns an object that, while it lives, interrupts `session` when the user asks for it.
    virtual std::unique_ptr<Watch> watch(Session& session);

    /// @throws Error(interrupted) if the user has asked for an interruption
    virtual void check_interrupted() const;

    /// Tells the user one line, given without its line break.
    virtual void tell(const std::string& line);
};

/// Reads all of `text`, flushes it, and shows the progress through the host.
/// @throws as Session::ingest()
void read_text(Session& session, std::string_view text, Host& host);

}  // namespace infinipot::eval
