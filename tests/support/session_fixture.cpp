#include "support/session_fixture.h"

#include <fstream>

#include "model/access.h"
#include "model/model_impl.h"
#include "support/paths.h"
#include "support/tiny_model.h"

namespace infinipot {
namespace {

const char* next_word(unsigned& seed) {
    static const char* const known[] = {"the", "time", "was",   "not",   "far", "when",
                                        "she", "came", "home,", "and",   "all", "the\n",
                                        "old", "men",  "sat",   "still."};
    seed = seed * 1664525u + 1013904223u;
    return known[seed >> 28];
}

}  // namespace

std::string words(int n, unsigned seed) {
    std::string text;
    for (int i = 0; i < n; ++i) {
        text += next_word(seed);
        text += ' ';
    }
    return text;
}

std::string book(std::size_t n) {
    std::ifstream file(source_file("samples/sherlock-holmes.txt"));
    std::string text(n, ' ');
    file.read(text.data(), static_cast<std::streamsize>(n));
    return text;
}

std::string contents(Session& session) {
    const KvCache& cache = Access::impl(session).cache();
    std::string bytes;
    for (int il = 0; il < cache.shape().n_layer; ++il) {
        for (int head = 0; head < cache.shape().n_head_kv; ++head) {
            for (ggml_tensor* pot : {cache.keys(il), cache.rotated_keys(il), cache.values(il)}) {
                const auto* rows = static_cast<const char*>(pot->data) +
                                   static_cast<std::size_t>(head) * pot->nb[2];
                bytes.append(rows, static_cast<std::size_t>(cache.n()) * pot->nb[1]);
            }
            for (const Tag& tag : cache.tags(il, head)) {
                bytes += std::to_string(tag.position) + ":" + std::to_string(tag.surprisal) + " ";
            }
            for (const float attention : cache.attention(il, head)) {
                bytes += std::to_string(attention) + " ";
            }
        }
    }
    const std::vector<std::byte> beside = Access::impl(session).mark().layer_states;
    bytes.append(reinterpret_cast<const char*>(beside.data()), beside.size());
    return bytes;
}

SessionTest::SessionTest(int n_vocab)
    : model_(Model::load(write_tiny_model({.n_vocab = n_vocab}, folder_.path()))) {}

SessionOptions SessionTest::options() const {
    SessionOptions result;
    result.budget = {.capacity = 256, .retain = 96, .reserve = 64};
    result.n_batch = 48;
    result.n_threads = 1;
    return result;
}

Model SessionTest::talking_model() const {
    const char* const chat =
        "{% for message in messages %}{{ '<|user|>\n' + message['content'] + eos_token + '\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}";
    return Model::load(
        write_tiny_model({.n_vocab = 600, .chat_template = chat}, folder_.path(), "chat.gguf"));
}

std::string ScheduleTest::text(int n_tokens, unsigned seed) const {
    std::string words;
    for (;;) {
        const auto n = static_cast<int>(Access::impl(model_).vocabulary.tokenize(words).size());
        if (n >= n_tokens) break;
        for (int i = 0; i < (n_tokens - n + 3) / 4; ++i) {
            words += next_word(seed);
            if (words.back() != '\n') words += ' ';
        }
    }
    return words;
}

SessionOptions ScheduleTest::options(const Way& way) const {
    SessionOptions result = SessionTest::options();
    result.policy = make_policy(way.spec);
    result.schedule = way.schedule;
    result.positions = way.positions;
    return result;
}

}  // namespace infinipot
