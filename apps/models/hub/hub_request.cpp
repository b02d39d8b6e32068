#include "models/hub/hub_request.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <thread>

#include "infinipot/error.h"

namespace infinipot::models {
namespace {

using namespace std::chrono_literals;

constexpr int most_tries = 4;
constexpr int most_redirections = 10;
constexpr int longest_wait = 60;  ///< seconds that a busy Hub may ask for

[[noreturn]] void fail(const std::string& sentence) {
    throw Error(ErrorCode::file_error, sentence);
}

bool is_success(int status) { return status == 200 || status == 206; }

bool is_redirection(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Returns the seconds that a busy server asks for; nothing if it does not say.
std::optional<int> retry_after(const HttpHead& head) {
    const std::string text = head.header("retry-after");
    int seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 0)
        return std::nullopt;
    return seconds;
}

std::string refusal(const HubAccess& access, const HubRequest& request, const HttpHead& head) {
    const std::string status = " (" + std::to_string(head.status) + ')';
    switch (head.status) {
        case 401:
        case 403:
            return "the Hub refuses " + request.what + status +
                   (access.token.empty()
                        ? ": it wants a token in HF_TOKEN, or there is no such repository"
                        : ": the token in HF_TOKEN may not read it");
        case 404:
            return "the Hub has not got " + request.what + status;
        case 429: {
            const auto seconds = retry_after(head);
            return "the Hub is asked too often" + status + "; try again " +
                   (seconds ? "in " + std::to_string(*seconds) + " seconds" : "later");
        }
        default:
            return head.status >= 500 ? "the Hub has a fault" + status + "; try again later"
                                      : "the Hub answers the request for " + request.what +
                                            " with status " + std::to_string(head.status);
    }
}

/// A request that goes through redirections, once.
class Try {
   public:
    Try(const HubAccess& access, const HubRequest& request) : access_(access), request_(request) {}

    HttpResult run() {
        at_ = request_.url;
        const HttpHeaders headers = request_.headers();
        std::string linked_hash;
        for (int i = 0; i < most_redirections; ++i) {
            HttpResult result = send(headers);
            if (const std::string hash = result.head.header("x-linked-etag"); !hash.empty())
                linked_hash = hash;
            if (!is_redirection(result.head.status)) {
                if (!linked_hash.empty()) result.head.headers["x-linked-etag"] = linked_hash;
                return result;
            }
            follow(result.head.header("location"));
        }
        fail("the Hub leads in circles to " + request_.what);
    }

    std::string origin() const { return at_.origin(); }

   private:
    HttpResult send(HttpHeaders headers) const {
        headers["user-agent"] = "infinipot";
        headers["accept-encoding"] = "identity";
        if (!access_.token.empty() && at_.origin() == access_.endpoint.origin())
            headers["authorization"] = "Bearer " + access_.token;
        bool succeeds = false;
        const HttpReceiver receiver = {
            [&](const HttpHead& head) {
                succeeds = is_success(head.status);
                return !succeeds || request_.receiver.head(head);
            },
            [&](std::string_view data) { return !succeeds || request_.receiver.data(data); }};
        return http_get(at_, headers, receiver, request_.poll);
    }

    void follow(const std::string& location) {
        const auto to = redirected(at_, location);
        if (!to) fail("the Hub leads to no address of " + request_.what);
        if (at_.scheme == "https" && to->scheme != "https")
            fail("the Hub leads to an address without encryption, " + to->origin());
        at_ = *to;
    }

    const HubAccess& access_;
    const HubRequest& request_;
    Url at_;
};

void wait(double seconds, const HubRequest& request) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (std::chrono::steady_clock::now() < end) {
        request.poll();
        std::this_thread::sleep_for(20ms);
    }
}

/// Returns the seconds to wait before the next try; nothing if another one is of no use.
std::optional<double> pause_after(const HttpResult& result, int n_tries) {
    if (n_tries >= most_tries) return std::nullopt;
    const double usual = 1 << (n_tries - 1);
    const int status = result.head.status;
    if (status == 429 || status >= 500) {
        const auto asked = retry_after(result.head);
        if (asked && *asked > longest_wait) return std::nullopt;
        return asked ? *asked : usual;
    }
    if (status != 0 && !is_success(status)) return std::nullopt;
    return usual;  // the line was cut
}

}  // namespace

HttpHead hub_get(const HubAccess& access, const HubRequest& request) {
    for (int n_tries = 1;; ++n_tries) {
        Try attempt(access, request);
        const HttpResult result = attempt.run();
        request.poll();  // throws what the receiver has kept for it
        if (result.error.empty() && is_success(result.head.status)) return result.head;
        if (request.has_advanced()) n_tries = 1;
        const auto pause = pause_after(result, n_tries);
        if (pause) {
            wait(*pause, request);
            continue;
        }
        if (result.head.status != 0 && !is_success(result.head.status))
            fail(refusal(access, request, result.head));
        fail((result.head.status == 0 ? "cannot reach " : "the line was cut to ") +
             attempt.origin() + ": " + result.error);
    }
}

}  // namespace infinipot::models
