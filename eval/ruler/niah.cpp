#include "eval/ruler/niah.h"

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "eval/ruler/random.h"
#include "infinipot/error.h"

namespace infinipot::eval {
namespace {

using Texts = std::vector<std::string>;

std::string random_number(Random& random) {
    return std::to_string(1'000'000 + random.below(9'000'000));
}

std::string random_uuid(Random& random) {
    const std::uint64_t high = (random.bits() & ~std::uint64_t{0xF000}) | 0x4000;  // version 4
    const std::uint64_t low = (random.bits() & ~(std::uint64_t{3} << 62)) | 1ull << 63;  // RFC 4122
    char text[37];
    std::snprintf(text, sizeof text,
                  "%08" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%04" PRIx64 "-%012" PRIx64, high >> 32,
                  high >> 16 & 0xFFFF, high & 0xFFFF, low >> 48, low & 0xFFFFFFFFFFFF);
    return text;
}

const char* plural(NeedleKind kind) {
    switch (kind) {
        case NeedleKind::word:
            return "words";
        case NeedleKind::number:
            return "numbers";
        case NeedleKind::uuid:
            return "uuids";
    }
    return "";
}

/// Draws keys and values, each of them once.
class Drawer {
   public:
    Drawer(const std::string& name, const WordLists& words) : random_(name), words_(words) {}

    std::string draw(NeedleKind kind) {
        constexpr int most_tries = 1000;
        for (int i = 0; i < most_tries; ++i) {
            const std::string text = any(kind);
            if (drawn_.insert(text).second) return text;
        }
        throw Error(ErrorCode::file_error, "the word lists have too few words for " +
                                               std::to_string(drawn_.size() + 1) +
                                               " different keys");
    }

   private:
    std::string any(NeedleKind kind) {
        switch (kind) {
            case NeedleKind::number:
                return random_number(random_);
            case NeedleKind::uuid:
                return random_uuid(random_);
            case NeedleKind::word:
                break;
        }
        const std::string adjective = random_.one_of(words_.adjectives);
        return adjective + '-' + random_.one_of(words_.nouns);
    }

    Random random_;
    const WordLists& words_;
    std::set<std::string> drawn_;
};

/// The needles of an item and its question, for any haystack.
struct Hidden {
    Texts needles = {};  ///< in the order in which they stand in the text
    Texts keys = {};     ///< keys in the question
    Texts values = {};   ///< the values of these keys
};

std::string needle(const NiahSettings& settings, Drawer& drawer, const std::string& key,
                   std::string& value) {
    value = drawer.draw(settings.value);
    return std::string("One of the special magic ") + plural(settings.value) + " for " + key +
           " is: " + value + '.';
}

Hidden hide(const NiahSettings& settings, const ItemSpec& spec, Drawer& drawer) {
    Hidden hidden;
    Texts keys;
    std::vector<Texts> values;
    for (int k = 0; k < settings.n_keys; ++k) {
        keys.push_back(drawer.draw(settings.key));
        values.emplace_back(settings.n_values);
        for (std::string& value : values.back()) {
            hidden.needles.push_back(needle(settings, drawer, keys.back(), value));
        }
    }
    Random random(spec.name + ":order");
    random.shuffle(hidden.needles);
    const auto n_queries = static_cast<std::size_t>(settings.n_queries);
    for (const std::size_t asked : random.distinct(keys.size(), n_queries)) {
        hidden.keys.push_back(keys[asked]);
        hidden.values.insert(hidden.values.end(), values[asked].begin(), values[asked].end());
    }
    return hidden;
}

/// Returns the lines or sentences with a needle in front of some of them, or behind the last.
std::string with_needles(const Texts& pieces, const std::vector<std::size_t>& places,
                         const Texts& needles, char apart) {
    std::string text;
    const auto append = [&](const std::string& piece) {
        if (!text.empty()) text += apart;
        text += piece;
    };
    std::size_t next = 0;
    for (std::size_t at = 0; at <= pieces.size(); ++at) {
        while (next < needles.size() && places[next] == at) append(needles[next++]);
        if (at < pieces.size()) append(pieces[at]);
    }
    return text;
}

/// Returns the lines with needles in front of different ones.
std::string among_lines(const Texts& lines, const Hidden& hidden, const ItemSpec& spec) {
    Random random(spec.name + ":places");
    auto places = random.distinct(lines.size(), hidden.needles.size());
    std::ranges::sort(places);
    return with_needles(lines, places, hidden.needles, '\n');
}

/// Returns the sentences with needles at different ones of 40 depths, from 0 to 100 per cent of the
/// sentences.
std::string among_sentences(const Texts& sentences, const Hidden& hidden, const ItemSpec& spec) {
    constexpr std::size_t n_depths = 40;
    Random random(spec.name + ":places");
    std::vector<std::size_t> places;
    for (const std::size_t i : random.distinct(n_depths, hidden.needles.size())) {
        const double depth = std::round(static_cast<double>(i) * 100 / (n_depths - 1));
        places.push_back(
            static_cast<std::size_t>(static_cast<double>(sentences.size()) * (depth / 100)));
    }
    std::ranges::sort(places);
    return with_needles(sentences, places, hidden.needles, ' ');
}

/// Returns "a", "a, and b" or "a, b, and c".
std::string list_of(const Texts& keys) {
    std::string list = keys[0];
    for (std::size_t i = 1; i < keys.size(); ++i) {
        list += (i + 1 < keys.size() ? ", " : ", and ") + keys[i];
    }
    return list;
}

/// Fills in RULER's template, in the singular if the question asks for one value.
RulerItem frame(const NiahSettings& settings, const Hidden& hidden, const std::string& context) {
    const bool one = hidden.values.size() == 1;
    std::string what = plural(settings.value);
    if (one) what.pop_back();
    const std::string query = what + " for " + list_of(hidden.keys);
    return {
        .text = (one ? "A special magic " + what + " is" : "Some special magic " + what + " are") +
                " hidden within the following text. Make sure to memorize it. I will quiz you "
                "about the " +
                what + " afterwards.\n" + context,
        .question = std::string("\nWhat ") + (one ? "is" : "are all") + " the special magic " +
                    query + " mentioned in the provided text?",
        .answer_prefix = " The special magic " + query + " mentioned in the provided text " +
                         (one ? "is" : "are"),
        .references = hidden.values};
}

}  // namespace

RulerItem make_niah(const NiahSettings& settings, const ItemSpec& spec, const RulerData& data) {
    Drawer drawer(spec.name, data.words);
    const Hidden hidden = hide(settings, spec, drawer);
    Texts others;  // needles that the question does not ask for, drawn on demand
    const auto other_needles = [&](std::size_t n) {
        for (std::string value; others.size() < n;) {
            others.push_back(needle(settings, drawer, drawer.draw(settings.key), value));
        }
        return Texts(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(n));
    };
    const auto context = [&](int n) {
        const auto n_lines = static_cast<std::size_t>(n);
        switch (settings.haystack) {
            case NiahHaystack::noise:
                return among_lines(Texts(n_lines, std::string(noise_line)), hidden, spec);
            case NiahHaystack::needles:
                return among_lines(other_needles(n_lines), hidden, spec);
            case NiahHaystack::essay:
                break;
        }
        return among_sentences(data.haystack.value().sentences(n), hidden, spec);
    };
    return fill(spec, static_cast<int>(hidden.needles.size()), std::numeric_limits<int>::max(),
                [&](int n) { return frame(settings, hidden, context(n)); });
}

}  // namespace infinipot::eval
