#include "models/hub/url.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <string_view>

namespace infinipot::models {
namespace {

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return c > 0x20 && c != 0x7F; });
}

std::optional<int> parse_port(std::string_view text) {
    int port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (port < 1 || port > 65535) return std::nullopt;
    return port;
}

/// Splits "[::1]:80" or "host:80" into the url's host and port.
bool take_authority(std::string_view authority, Url& url) {
    std::size_t end = authority.find(':');
    if (authority.starts_with('[')) {
        const std::size_t close = authority.find(']');
        if (close == std::string_view::npos) return false;
        url.host = authority.substr(1, close - 1);
        end = close + 1 < authority.size() ? close + 1 : std::string_view::npos;
    } else {
        url.host = authority.substr(0, end);
    }
    url.port = url.scheme == "https" ? 443 : 80;
    if (url.host.empty() || url.host.find('@') != std::string::npos) return false;
    if (end == std::string_view::npos) return true;
    const auto port = authority[end] == ':' ? parse_port(authority.substr(end + 1)) : std::nullopt;
    url.port = port.value_or(0);
    return port.has_value();
}

}  // namespace

std::string Url::origin() const {
    const bool is_ipv6 = host.find(':') != std::string::npos;
    return scheme + "://" + (is_ipv6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

std::optional<Url> parse_url(const std::string& text) {
    Url url;
    const std::size_t colon = text.find("://");
    if (colon == std::string::npos || !is_printable(text)) return std::nullopt;
    url.scheme = text.substr(0, colon);
    if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
    const std::string rest = text.substr(colon + 3);
    const std::size_t end = rest.find_first_of("/?#");
    if (!take_authority(std::string_view(rest).substr(0, end), url)) return std::nullopt;
    if (end != std::string::npos) url.target = rest.substr(end, rest.find('#') - end);
    if (!url.target.starts_with('/')) url.target = '/' + url.target;
    return url;
}

std::optional<Url> redirected(const Url& from, const std::string& location) {
    if (location.starts_with("//")) return parse_url(from.scheme + ':' + location);
    if (!location.starts_with('/')) return parse_url(location);
    if (!is_printable(location)) return std::nullopt;
    Url to = from;
    to.target = location;
    return to;
}

std::string escaped_path(const std::string& path) {
    std::string text;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || std::string_view("-._~/").find(c) != std::string::npos) {
            text += c;
            continue;
        }
        std::array<char, 8> escape;
        std::snprintf(escape.data(), escape.size(), "%%%02X", static_cast<unsigned>(byte));
        text += escape.data();
    }
    return text;
}

}  // namespace infinipot::models
