#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "models/hub/url.h"

/// Requests of HTTP, on cpp-httplib of the pinned llama.cpp and, for https, OpenSSL.
namespace infinipot::models {

using HttpHeaders = std::map<std::string, std::string>;  ///< names in small letters

/// The beginning of a response.
struct HttpHead {
    int status = 0;
    HttpHeaders headers = {};

    /// Returns the value of a header, whose name is in small letters; empty if it is not there.
    std::string header(const std::string& name) const;
};

/// The end of a request. Without an error the whole response has arrived.
struct HttpResult {
    HttpHead head = {};      ///< status 0: there was no response
    std::string error = {};  ///< why the response is not whole; empty if it is
};

/// Functions that receive a response. Both are called on another thread, one at a time; false
/// ends the request.
struct HttpReceiver {
    std::function<bool(const HttpHead&)> head;
    std::function<bool(std::string_view)> data;
};

/// Sends a GET request and receives the response. Redirections are not followed. `poll` is called
/// twenty times a second on the calling thread; if it throws, the request ends first.
/// @throws Error(file_error) for https in a build without OpenSSL.
HttpResult http_get(const Url& url, const HttpHeaders& headers, const HttpReceiver& receiver,
                    const std::function<void()>& poll);

}  // namespace infinipot::models
