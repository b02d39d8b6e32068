#pragma once

#include <optional>
#include <string>

namespace infinipot::models {

/// The parts of an address "https://host:8080/path?query".
struct Url {
    std::string scheme;  ///< "http" or "https"
    std::string host;    ///< an IPv6 address without its brackets
    int port = 0;
    std::string target;  ///< path and query, "/" at least

    /// Returns "https://host:8080".
    std::string origin() const;
    std::string text() const { return origin() + target; }
};

/// Reads an address of HTTP; nothing if the text is none. A name and password in it are refused.
std::optional<Url> parse_url(const std::string& text);

/// Returns the address that a redirection leads to: `location` is a whole address or a path.
std::optional<Url> redirected(const Url& from, const std::string& location);

/// Returns a path with every character escaped that an address cannot have; slashes stay.
std::string escaped_path(const std::string& path);

}  // namespace infinipot::models
