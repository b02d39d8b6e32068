#pragma once

#include <functional>
#include <string>

#include "models/hub/http.h"
#include "models/hub/hub_access.h"

namespace infinipot::models {

/// A GET request to the Hub.
struct HubRequest {
    Url url;
    std::string what;  ///< what is asked for, in sentences: "the repository ann/story"
    /// Asked for before each try, since a file may have grown.
    std::function<HttpHeaders()> headers = [] { return HttpHeaders(); };
    HttpReceiver receiver = {};  ///< of a successful response, on another thread
    /// Returns whether the last try brought something. Then the count of tries begins again.
    std::function<bool()> has_advanced = [] { return false; };
    std::function<void()> poll = {};  ///< called often; what it throws ends the request
};

/// Sends a request and returns the head of the response, of status 200 or 206. Redirections are
/// followed, and the token goes to the Hub alone, never to another host. The request is repeated if
/// the line is cut or the Hub is busy. The head has `x-linked-etag` of a redirection on the way.
/// @throws Error(file_error) with one sentence for every other status, and if the Hub is not
/// reached.
HttpHead hub_get(const HubAccess& access, const HubRequest& request);

}  // namespace infinipot::models
