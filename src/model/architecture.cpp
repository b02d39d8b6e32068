#include "model/architecture.h"

#include <algorithm>
#include <cassert>
#include <span>

#include "infinipot/error.h"

namespace infinipot {

namespace {

struct Row {
    const char* name;  ///< general.architecture
    ArchitecturePtr (*make)(const Hparams&, WeightLoader&);
};

constexpr Row registry[] = {
    {"llama", make_llama},
};

const Row* find(const std::string& name) {
    const auto row = std::ranges::find(registry, name, &Row::name);
    return row == std::end(registry) ? nullptr : row;
}

std::string supported_names() {
    std::string names;
    for (const Row& row : registry) names += (names.empty() ? "" : ", ") + std::string(row.name);
    return names;
}

}  // namespace

void require_supported_architecture(const std::string& path, const std::string& name) {
    if (find(name) != nullptr) return;
    throw Error(ErrorCode::unsupported_model,
                path + " is of architecture \"" + name +
                    "\", which is not supported; supported: " + supported_names());
}

ArchitecturePtr make_architecture(const Hparams& hparams, WeightLoader& load) {
    const Row* row = find(hparams.architecture);
    assert(row != nullptr && "require_supported_architecture() comes first");
    return row->make(hparams, load);
}

}  // namespace infinipot
