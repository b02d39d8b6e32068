// usage: quickstart MODEL.gguf TEXT QUESTION (read_and_ask.cpp also handles errors)
#include <infinipot/infinipot.h>

#include <fstream>
#include <iostream>

int main(int, char** argv) {
    const auto model = infinipot::Model::load(argv[1]);
    infinipot::Session session(model);
    std::ifstream book(argv[2], std::ios::binary);
    session.ingest(book);
    std::cout << session.ask(argv[3]).text() << '\n';
}
