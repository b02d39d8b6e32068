// usage: save_again MODEL POT
// Saves a session again and again until it is killed, for experiments/kill-snapshot. The number of
// each saving is stored as the bytes of a text, and printed when the saving has ended.

#include <cstdint>
#include <cstdio>
#include <exception>
#include <vector>

#include "infinipot/infinipot.h"

namespace {

constexpr int capacity = 4096;

[[noreturn]] void save_again(const char* model_path, const char* pot) {
    using namespace infinipot;
    const Model model = Model::load(model_path);
    Session session(model,
                    {.budget = {.capacity = capacity, .beyond_window = true}, .n_threads = 1});
    for (int i = 0; i < 40; ++i) session.ingest("the pot is full of salt and pepper ");
    for (std::uint64_t n = 1;; ++n) {
        session.ingest("and more ");
        session.save(pot, std::vector<TextRead>{{"savings", n, std::string(32, '0')}});
        std::printf("%llu\n", static_cast<unsigned long long>(n));
        std::fflush(stdout);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: save_again MODEL POT\n", stderr);
        return 2;
    }
    try {
        save_again(argv[1], argv[2]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "save_again: %s\n", error.what());
        return 1;
    }
}
