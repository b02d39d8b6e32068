#pragma once

#include <string>

#include "inspect/inspection.h"

namespace infinipot::cli {

/// A page of HTML on which the survivors of every distillation can be looked at; it needs nothing
/// but itself. Takes 4/3 of a byte for each token, layer and head; twice as much with more than 255
/// distillations, four times with more than 65,535.
std::string inspection_page(const Inspection& inspection, const Report& report);

}  // namespace infinipot::cli
