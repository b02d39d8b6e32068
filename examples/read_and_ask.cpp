// Reads a text of any length in fixed memory, and answers a question about it.

#include <infinipot/infinipot.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <string>

namespace {

void read_and_ask(const char* model_path, const char* text_path, const char* question) {
    std::ifstream book(text_path, std::ios::binary);
    if (!book) {
        throw infinipot::Error(infinipot::ErrorCode::file_error,
                               "cannot read " + std::string(text_path));
    }
    const auto model = infinipot::Model::load(model_path);
    const int capacity = std::min(4096, model.info().n_ctx_train);
    infinipot::Session session(model,
                               {.budget = {.capacity = capacity, .retain = capacity / 2},
                                .policy = infinipot::policies::infinipot({.novelty = 0.5f})});
    session.ingest(book, {.on_progress = [](const infinipot::Progress& progress) {
                       std::cerr << '\r' << progress.tokens_read << " tokens read" << std::flush;
                   }});
    std::cerr << '\n';
    for (std::string_view piece : session.ask(question)) std::cout << piece << std::flush;
    std::cout << '\n';
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return std::cerr << "usage: read_and_ask MODEL.gguf TEXT QUESTION\n", 2;
    try {
        read_and_ask(argv[1], argv[2], argv[3]);
    } catch (const infinipot::Error& error) {
        return std::cerr << "read_and_ask: " << error.what() << '\n', 1;
    }
}
