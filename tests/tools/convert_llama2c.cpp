// usage: convert_llama2c CHECKPOINT.bin MODEL.gguf
// Turns a model of llama2.c, such as stories15M, into a GGUF file with Llama 2's vocabulary.

#include <cstdio>
#include <exception>

#include "support/stories15m.h"

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: convert_llama2c CHECKPOINT.bin MODEL.gguf\n", stderr);
        return 2;
    }
    try {
        infinipot::convert_llama2c(argv[1], argv[2]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "convert_llama2c: %s\n", error.what());
        return 1;
    }
}
