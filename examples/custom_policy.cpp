// Defines an eviction policy of its own, which keeps the most surprising and the latest entries of
// each head.
// usage: custom_policy MODEL.gguf TEXT QUESTION

#include <infinipot/infinipot.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <span>
#include <string>

namespace {

using namespace infinipot;

class MostSurprising final : public EvictionPolicy {
   public:
    std::string spec() const override { return "most_surprising"; }

    Needs needs() const override { return {.surprisal = true}; }

    void select(const LayerView& layer, std::span<Keep> heads) const override {
        int head = 0;
        for (Keep& keep : heads) keep.last(keep.room() / 4).fill_best(layer.surprisal[head++]);
    }
};

void read_and_ask(const char* model_path, const char* text_path, const char* question) {
    const auto model = Model::load(model_path);
    Session session(model, {.policy = std::make_shared<MostSurprising>()});
    std::ifstream book(text_path, std::ios::binary);
    session.ingest(book);
    std::cout << session.ask(question).text() << '\n';
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return std::cerr << "usage: custom_policy MODEL.gguf TEXT QUESTION\n", 2;
    try {
        read_and_ask(argv[1], argv[2], argv[3]);
    } catch (const Error& error) {
        return std::cerr << "custom_policy: " << error.what() << '\n', 1;
    }
}
