#pragma once

#include <string>

#include "models/hub/url.h"
#include "models/variables.h"

namespace infinipot::models {

/// A Hub and how to speak to it.
struct HubAccess {
    Url endpoint;       ///< $HF_ENDPOINT, else the Hub of Hugging Face
    std::string token;  ///< $HF_TOKEN; empty: none
    bool offline = false;

    /// @throws Error(invalid_argument) if a variable has no sensible value.
    static HubAccess of(const Variables& variables);

    /// Returns the address of a path, which begins with a slash, at the Hub.
    Url url(const std::string& path) const;
};

}  // namespace infinipot::models
