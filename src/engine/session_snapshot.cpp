#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/saved_plan.h"
#include "engine/session_impl.h"
#include "engine/snapshot_file.h"
#include "infinipot/error.h"
#include "model/access.h"
#include "model/model_impl.h"

/// Snapshots and forks of a session.
namespace infinipot {

namespace {

constexpr std::size_t longest_name = 4096;
constexpr std::uint64_t most_texts = 1 << 20;
constexpr std::int64_t end_of_time = 253'402'300'800;  // the year 10000

void serialize(StateArchive& archive, TextRead& text) {
    archive.text(text.name, longest_name);
    archive.value(text.bytes);
    archive.text(text.hash, 32);
}

void serialize(StateArchive& archive, SnapshotInfo& info) {
    archive.text(info.model, longest_name);
    archive.text(info.architecture, longest_name);
    archive.text(info.policy, longest_name);
    archive.one_of(info.schedule, 4);
    archive.one_of(info.kv_type, static_cast<int>(all_kv_types().size()));
    archive.number(info.capacity, 0, std::numeric_limits<int>::max());
    archive.number(info.n_kv, 0, info.capacity);
    archive.value(info.bytes_read);
    archive.value(info.tokens_read);
    archive.value(info.distillations);
    archive.number(info.saved_at, 0, end_of_time);
    std::uint64_t n_texts = info.texts.size();
    archive.number(n_texts, 0, most_texts);
    for (std::uint64_t i = 0; i < n_texts; ++i) {
        if (archive.reads()) info.texts.emplace_back();
        serialize(archive, info.texts[static_cast<std::size_t>(i)]);
    }
}

SnapshotInfo info_of(const SnapshotFile& file) {
    const std::vector<std::byte> bytes = file.read(SnapshotSection::info);
    StateArchive archive(bytes);
    SnapshotInfo info;
    serialize(archive, info);
    archive.end();
    info.file_bytes = file.file_bytes();
    return info;
}

std::int64_t now() {
    using namespace std::chrono;
    return duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

bool is_snapshot(const std::filesystem::path& path) { return SnapshotFile::is_one(path); }

SnapshotInfo read_snapshot_info(const std::filesystem::path& path) {
    return info_of(SnapshotFile::open(path));
}

void verify_snapshot(const std::filesystem::path& path) {
    const SnapshotFile file = SnapshotFile::open(path);
    file.read(SnapshotSection::info);
    file.read(SnapshotSection::state);
    file.verify_cache();
}

void Session::Impl::serialize(StateArchive& archive) {
    intake_.serialize(archive, model_.info().n_vocab);
    writer_.serialize(archive);
    archive.number(ended_at_, 0, writer_.stream_position());
    archive.one_of(turn_, 3);
    archive.value(stats_.tokens_read);
    archive.value(stats_.tokens_generated);
    archive.value(stats_.tokens_left_out);
    archive.value(stats_.prefill_seconds);
    archive.value(stats_.decode_seconds);
    archive.value(stats_.ttft_seconds);
    archive.number(stats_.answer_budget, 0, plan_.options.budget.capacity);
}

/// Tags are used as indices, so damaged ones could do harm. Damaged numbers only change answers.
void Session::Impl::require_sound_tags() const {
    const CacheShape& shape = cache_.shape();
    const Token n_vocab = model_.info().n_vocab;
    const std::int64_t end = writer_.stream_position();
    const auto is_sound = [&](const Tag& tag) {
        return 0 <= tag.token && tag.token < n_vocab && 0 <= tag.position && tag.position < end;
    };
    for (int il = 0; il < shape.n_layer; ++il) {
        for (int head = 0; head < shape.n_head_kv; ++head) {
            if (std::ranges::all_of(cache_.tags(il, head), is_sound)) continue;
            throw Error(ErrorCode::bad_snapshot,
                        "the snapshot is damaged: its KV cache names tokens that were never read");
        }
    }
}

void Session::Impl::save(const std::filesystem::path& path, std::span<const TextRead> texts) {
    require_no_generation();
    if (turn_ == Turn::answered) forget_thought();
    const Stats stats = this->stats();
    SnapshotInfo info{.model = model_.info().name,
                      .architecture = model_.info().architecture,
                      .policy = plan_.options.policy->spec(),
                      .schedule = plan_.options.schedule,
                      .kv_type = plan_.options.kv_type,
                      .capacity = plan_.options.budget.capacity,
                      .n_kv = cache_.n(),
                      .bytes_read = stats.bytes_read,
                      .tokens_read = stats.tokens_read,
                      .distillations = stats.distillations,
                      .saved_at = now(),
                      .texts = {texts.begin(), texts.end()}};
    StateArchive about, state;
    infinipot::serialize(about, info);
    save_plan(plan_, Access::impl(model_), cache_.n()).serialize(state);
    serialize(state);
    write_snapshot_file(path, about.written(), state.written(), cache_);
}

std::unique_ptr<Session::Impl> Session::Impl::restore(const Model& model,
                                                      const std::filesystem::path& path,
                                                      const RestoreOptions& options) {
    const SnapshotFile file = SnapshotFile::open(path);
    const std::vector<std::byte> bytes = file.read(SnapshotSection::state);
    if (options.verify) file.verify_cache_once(Access::impl(model).verified_snapshots);
    StateArchive state(bytes);
    SavedPlan saved;
    saved.serialize(state);
    Plan plan = restore_plan(saved, Access::impl(model), options);
    const CacheLayout layout(cache_shape(plan, Access::impl(model)));
    const CacheImage image = file.image(layout.bytes, saved.n_kv);
    auto session = std::make_unique<Impl>(model, std::move(plan), &image);
    session->read_state(state);
    return session;
}

void Session::Impl::read_state(StateArchive& archive) {
    serialize(archive);
    archive.end();
    require_sound_tags();
}

std::unique_ptr<Session::Impl> Session::Impl::fork() {
    require_no_generation();
    if (turn_ == Turn::answered) forget_thought();
    const CacheImage image = cache_.share();
    StateArchive state;
    serialize(state);
    auto session = std::make_unique<Impl>(model_, plan_, &image, this);
    StateArchive copy(state.written());
    session->serialize(copy);
    return session;
}

}  // namespace infinipot
