#include "base/state_archive.h"

#include "infinipot/error.h"

namespace infinipot {

void StateArchive::fail() {
    throw Error(ErrorCode::bad_snapshot,
                "the snapshot is damaged: its state contradicts itself; make it again");
}

}  // namespace infinipot
