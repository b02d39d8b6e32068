#pragma once

/// The whole public API: load a model, open a session with a memory budget, read, ask.
#include "infinipot/device.h"    // IWYU pragma: export
#include "infinipot/error.h"     // IWYU pragma: export
#include "infinipot/kv_type.h"   // IWYU pragma: export
#include "infinipot/model.h"     // IWYU pragma: export
#include "infinipot/options.h"   // IWYU pragma: export
#include "infinipot/policies.h"  // IWYU pragma: export
#include "infinipot/policy.h"    // IWYU pragma: export
#include "infinipot/quantize.h"  // IWYU pragma: export
#include "infinipot/session.h"   // IWYU pragma: export
#include "infinipot/snapshot.h"  // IWYU pragma: export
