// A hundred readers of one book: forks of a pot, each of which answers a question. Prints the
// memory that they take together.
//
// usage: hundred_readers MODEL.gguf POT QUESTION

#include <infinipot/infinipot.h>

#include <fstream>
#include <iostream>
#include <string>
#include <vector>

namespace {

/// Returns the memory of this process, in which shared pages count once.
long resident_mib() {
    std::ifstream facts("/proc/self/smaps_rollup");
    for (std::string line; std::getline(facts, line);)
        if (line.starts_with("Pss:")) return std::stol(line.substr(4)) / 1024;
    return 0;
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 4) return std::cerr << "usage: hundred_readers MODEL.gguf POT QUESTION\n", 2;
    const auto model = infinipot::Model::load(argv[1]);
    auto book = infinipot::Session::restore(model, argv[2]);
    std::cout << "one reader: " << resident_mib() << " MiB, of which the pot may take "
              << book.stats().pot_bytes / (1 << 20) << '\n';
    std::vector<infinipot::Session> readers;
    for (int i = 0; i < 100; ++i) readers.push_back(book.fork());
    std::cout << "a hundred readers: " << resident_mib() << " MiB\n";
    for (auto& reader : readers) reader.ask(argv[3], {.max_tokens = 4}).text();
    std::cout << "when each has answered: " << resident_mib() << " MiB\n";
} catch (const infinipot::Error& error) {
    return std::cerr << "hundred_readers: " << error.what() << '\n', 1;
}
