#pragma once

#include "infinipot/model.h"
#include "infinipot/session.h"

namespace infinipot {

/// Opens the public classes to the library and its tests.
struct Access {
    static const Model::Impl& impl(const Model& model) { return *model.impl_; }
    static Session::Impl& impl(const Session& session) { return *session.impl_; }
};

}  // namespace infinipot
