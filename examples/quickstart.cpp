#include <infinipot/infinipot.h>

#include <fstream>
#include <iostream>

int main(int argc, char** argv) try {
    if (argc != 4) return std::cerr << "usage: quickstart MODEL.gguf TEXT QUESTION\n", 2;
    const auto model = infinipot::Model::load(argv[1]);
    infinipot::Session session(model);
    std::ifstream book(argv[2], std::ios::binary);
    session.ingest(book);
    std::cout << session.ask(argv[3]).text() << '\n';
} catch (const infinipot::Error& error) {
    return std::cerr << "quickstart: " << error.what() << '\n', 1;
}
