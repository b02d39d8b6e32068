#include "options/old_options.h"

#include "usage/old_spellings.h"

namespace infinipot::cli {

std::vector<std::string> with_todays_options(const std::vector<std::string>& arguments) {
    static const std::vector<usage::OldSpelling> spellings = {
        {"", "--preset=paper", "--paper"},
        {"", "--no-fill", "--end=retain"},
        {"", "--focus", "--answer-budget"},
        {"", "--schedule=one-by-one", "--schedule=per-token"},
        {"eval passkey", "--keys", "--items"},
        {"eval passkey", "--key-seed", "--item-seed"},
        {"eval needle", "--keys", "--items"},
        {"eval needle", "--key-seed", "--item-seed"},
        {"eval longbench", "--limit", "--items"},
        {"eval longbench", "--seed", "--item-seed"},
        {"eval ruler", "--seed", "--item-seed"},
        {"eval perplexity", "--tokens", "--length"},
    };
    return usage::modern(arguments, spellings);
}

}  // namespace infinipot::cli
