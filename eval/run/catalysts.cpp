#include "eval/run/catalysts.h"

#include <array>

#include "infinipot/options.h"

namespace infinipot::eval {

std::span<const Catalyst> catalysts() {
    static const std::array<Catalyst, 5> table = {{
        {"general", general_catalyst},
        {"general-1", "What are the key facts, names and numbers in the text above?"},
        {"general-2", "List everything in the text above that somebody may ask about later."},
        {"misaligned", "Translate the previous context into French, word by word."},
        {"unrelated", "Write a short poem about the sea in spring."},
    }};
    return table;
}

}  // namespace infinipot::eval
