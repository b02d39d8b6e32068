// usage: make_tiny_model FILE [HEAD_SIZE]
// Writes a random model for the tests of the program: TinyLlama's chat template, and sizes and a
// type that the native kernels take.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>

#include "support/tiny_model.h"

namespace {

constexpr const char* zephyr_template =
    "{% for message in messages %}\n{% if message['role'] == 'user' %}\n"
    "{{ '<|user|>\n' + message['content'] + eos_token }}\n"
    "{% elif message['role'] == 'system' %}\n"
    "{{ '<|system|>\n' + message['content'] + eos_token }}\n"
    "{% elif message['role'] == 'assistant' %}\n"
    "{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n"
    "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n"
    "{% endfor %}";

}  // namespace

int main(int argc, char** argv) {
    if ((argc != 2 && argc != 3) || argv[1][0] == '-') {
        std::fputs("usage: make_tiny_model FILE [HEAD_SIZE]\n", stderr);
        return 2;
    }
    try {
        const auto file = std::filesystem::absolute(argv[1]);
        infinipot::write_tiny_model({.n_embd_head = argc == 3 ? std::atoi(argv[2]) : 32,
                                     .n_vocab = 640,
                                     .type = GGML_TYPE_Q8_0,
                                     .chat_template = zephyr_template},
                                    file.parent_path(), file.filename());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "make_tiny_model: %s\n", error.what());
        return 1;
    }
}
