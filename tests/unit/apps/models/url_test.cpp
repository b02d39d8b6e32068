#include "models/hub/url.h"

#include <gtest/gtest.h>

namespace infinipot::models {
namespace {

std::string text(const std::optional<Url>& url) { return url ? url->text() : "none"; }

TEST(Url, Has_scheme_host_port_and_target) {
    EXPECT_EQ(text(parse_url("https://hub.example")), "https://hub.example:443/");
    EXPECT_EQ(text(parse_url("http://hub.example:8080/a/b?c=d#e")),
              "http://hub.example:8080/a/b?c=d");
    EXPECT_EQ(text(parse_url("http://[::1]:90/a")), "http://[::1]:90/a");
    EXPECT_EQ(text(parse_url("http://hub.example?a")), "http://hub.example:80/?a");
    EXPECT_EQ(parse_url("http://[::1]/a")->host, "::1");
}

TEST(Url, Is_none_of_other_texts) {
    for (const char* other :
         {"", "hub.example", "ftp://hub.example", "http://", "http://:80", "http://a:0",
          "http://a:65536", "http://a:x", "http://a:", "http://ann:secret@hub.example",
          "http://a b", "http://a\r\nx: y", "http://[::1", "http://[::1]x"})
        EXPECT_FALSE(parse_url(other)) << other;
}

TEST(Url, Is_redirected_to_an_address_or_a_path) {
    const Url from = *parse_url("https://hub.example/a/b");
    EXPECT_EQ(text(redirected(from, "/c?d=%2F")), "https://hub.example:443/c?d=%2F");
    EXPECT_EQ(text(redirected(from, "http://cdn.example/c")), "http://cdn.example:80/c");
    EXPECT_EQ(text(redirected(from, "//cdn.example/c")), "https://cdn.example:443/c");
    EXPECT_EQ(text(redirected(from, "")), "none");
    EXPECT_EQ(text(redirected(from, "/a\r\nx: y")), "none");
    EXPECT_EQ(text(redirected(from, "file:///etc/passwd")), "none");
}

TEST(Url, Has_escapes_in_its_path) {
    EXPECT_EQ(escaped_path("ann/story-Q4_K.v1~.gguf"), "ann/story-Q4_K.v1~.gguf");
    EXPECT_EQ(escaped_path("a b?c#d%"), "a%20b%3Fc%23d%25");
    EXPECT_EQ(escaped_path("\xC3\xA4"), "%C3%A4");
}

}  // namespace
}  // namespace infinipot::models
