#pragma once

#include <filesystem>

#include "models/pull/watch.h"
#include "models/stores/hub_files.h"
#include "models/variables.h"

namespace infinipot::models {

/// Gets a model of a Hub into the Hub's cache, where other programs find it, and returns its file,
/// of several files the first. Files that are there already, whoever loaded them, are not loaded
/// again. With HF_HUB_OFFLINE nothing is asked for.
/// @throws Error(file_error) with one sentence if the model cannot be had.
/// @throws what `watch` throws.
std::filesystem::path pull_from_hub(const HubName& name, const Variables& variables,
                                    PullWatch& watch);

}  // namespace infinipot::models
