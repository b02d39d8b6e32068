#include "models/hub/http.h"

#include <cpp-httplib/httplib.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <future>
#include <utility>

#include "infinipot/error.h"

namespace infinipot::models {
namespace {

using namespace std::chrono_literals;

constexpr auto patience_to_connect = 20s;
constexpr auto patience_to_read = 60s;  ///< without a single byte

HttpHead head_of(const httplib::Response& response) {
    HttpHead head = {response.status};
    for (const auto& [name, value] : response.headers) {
        std::string small = name;
        for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        head.headers.emplace(std::move(small), value);
    }
    return head;
}

HttpResult run(httplib::Client& client, const Url& url, const httplib::Headers& headers,
               const HttpReceiver& receiver) {
    HttpResult result;
    const auto on_head = [&](const httplib::Response& response) {
        result.head = head_of(response);
        return receiver.head(result.head);
    };
    const auto on_data = [&](const char* data, std::size_t n) { return receiver.data({data, n}); };
    const auto response = client.Get(url.target, headers, on_head, on_data);
    if (!response) result.error = httplib::to_string(response.error());
    return result;
}

void refuse_https(const Url& url) {
#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
    if (url.scheme == "https")
        throw Error(ErrorCode::file_error, "this build has no OpenSSL and cannot reach " +
                                               url.origin() +
                                               "; build it again with libssl-dev installed");
#endif
    static_cast<void>(url);
}

}  // namespace

std::string HttpHead::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
}

HttpResult http_get(const Url& url, const HttpHeaders& headers, const HttpReceiver& receiver,
                    const std::function<void()>& poll) {
    refuse_https(url);
    httplib::Client client(url.origin());
    client.set_connection_timeout(patience_to_connect);
    client.set_read_timeout(patience_to_read);
    client.set_follow_location(false);
    client.set_path_encode(false);
    client.set_keep_alive(false);
    const httplib::Headers sent(headers.begin(), headers.end());
    auto result = std::async(std::launch::async, [&] { return run(client, url, sent, receiver); });
    try {
        while (result.wait_for(50ms) == std::future_status::timeout) poll();
    } catch (...) {
        while (result.wait_for(10ms) == std::future_status::timeout) client.stop();
        throw;
    }
    return result.get();
}

}  // namespace infinipot::models
