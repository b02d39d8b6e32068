#include "support/hostile_snapshot.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>

#include "base/hash.h"
#include "engine/saved_plan.h"
#include "engine/session_impl.h"
#include "engine/snapshot_file.h"
#include "infinipot/error.h"
#include "infinipot/policies.h"
#include "infinipot/session.h"
#include "infinipot/snapshot.h"
#include "model/access.h"
#include "model/model_impl.h"
#include "support/tiny_model.h"

namespace infinipot {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::size_t header_bytes = 4096;
constexpr std::size_t block_bytes = 65536;
constexpr std::size_t longest_sentence = 1000;

template <typename T>
T take(std::span<const std::byte>& from) {
    T value = {};
    const std::size_t n = std::min(sizeof(T), from.size());
    std::memcpy(&value, from.data(), n);
    from = from.subspan(n);
    return value;
}

Bytes take_bytes(std::span<const std::byte>& from, std::size_t n) {
    n = std::min(n, from.size());
    const Bytes bytes(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(n));
    from = from.subspan(n);
    return bytes;
}

template <typename T>
void add(Bytes& bytes, T value) {
    const std::size_t at = bytes.size();
    bytes.resize(at + sizeof value);
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

void add(Bytes& bytes, const Bytes& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

Bytes bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

void add_place(Bytes& header, std::size_t offset, std::size_t size, const Hash128& hash) {
    add<std::uint64_t>(header, offset);
    add<std::uint64_t>(header, size);
    for (const std::uint8_t byte : hash) add(header, byte);
}

/// Returns a header with the changes and with its hash.
Bytes changed(Bytes header, const HostileSnapshot& s) {
    Hash128 hash = hash_of(header);
    for (std::size_t i = 0; i + 1 < s.header.size(); i += 2)
        header[std::to_integer<std::size_t>(s.header[i]) % header.size()] = s.header[i + 1];
    if ((s.flags & HostileSnapshot::own_header_hash) == 0) hash = hash_of(header);
    for (const std::uint8_t byte : hash) add(header, byte);
    return header;
}

/// Returns whether all of a snapshot is read, also the hash of its KV cache.
bool is_whole(const HostileSnapshot& s) {
    return (s.flags & (HostileSnapshot::is_restored | HostileSnapshot::is_used)) != 0;
}

void put(int file, std::span<const std::byte> bytes, std::size_t offset) {
    if (::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset)) < 0)
        throw std::runtime_error("a file in memory cannot be written");
}

/// Calls `action`. Returns the sentence with which it refuses a snapshot.
std::string refusal_of(const std::function<void()>& action) {
    std::string sentence;
    try {
        action();
        return sentence;
    } catch (const Error& error) {
        sentence = error.what();
        if (error.code() != ErrorCode::bad_snapshot)
            throw std::logic_error("another error than of a bad snapshot: " + sentence);
    }
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; };
    if (sentence.empty() || sentence.size() > longest_sentence ||
        std::ranges::any_of(sentence, is_control))
        throw std::logic_error("a refusal that is not a sentence: " + sentence);
    return sentence;
}

/// Does with a session what its user could. It may refuse, for instance for want of room.
void use(Session& session) {
    session.fork().kept();
    try {
        session.ingest("the time was not far");
        session.ask("who?", {.max_tokens = 2}).text();
        session.flush();
        session.ingest("when she came home, and all the old men sat still. the time was not far");
        session.flush();
    } catch (const Error&) {
    }
    session.kept();
    session.stats();
}

/// Returns the plan of a session as its snapshot has it, but for the number of entries behind it.
Bytes plan_bytes(const Session& session) {
    StateArchive archive;
    save_plan(Access::impl(session).plan(), Access::impl(session.model()), 0).serialize(archive);
    Bytes bytes(archive.written().begin(), archive.written().end());
    bytes.resize(bytes.size() - sizeof(int));
    return bytes;
}

bool is_allowed(const Model& model, const SessionOptions& options) {
    try {
        resolve(model, options);
        return true;
    } catch (const Error&) {
        return false;
    }
}

/// Adds snapshots of a session in several states.
void add_snapshots(const Model& model, const SessionOptions& options,
                   const std::filesystem::path& folder, std::vector<HostileSnapshot>& all) {
    const std::filesystem::path path = folder / "sound.pot";
    const auto save = [&](Session& session) {
        session.save(path, std::vector<TextRead>{{"a.txt", 9, std::string(32, '0')}});
        all.push_back(HostileSnapshot::from_file(path));
        // Only what is behind the vectors is checked, so that all vectors may be zeros.
        const std::size_t tags = CacheLayout(Access::impl(session).cache().shape()).tags;
        Bytes& cache = all.back().cache;
        all.back().cache_offset = static_cast<std::uint32_t>(tags);
        cache.erase(cache.begin(),
                    cache.begin() + static_cast<std::ptrdiff_t>(std::min(tags, cache.size())));
    };
    Session session(model, options);
    save(session);
    session.ingest("when she came home \xE2\x82");
    save(session);
    session.ingest("\xAC.");
    session.flush();
    save(session);
    try {
        for (int i = 0; i < 9; ++i)
            session.ingest("the time was not far, and all the men sat still. ");
        session.flush();
        save(session);
        session.reply("who?", {.max_tokens = 4}).text();
        save(session);
    } catch (const Error&) {  // a policy that evicts nothing has no room
    }
}

}  // namespace

HostileSnapshot HostileSnapshot::unpack(std::span<const std::byte> bytes) {
    HostileSnapshot s;
    s.flags = take<std::uint8_t>(bytes);
    s.n_cache_blocks = take<std::uint8_t>(bytes);
    s.cache_offset = take<std::uint32_t>(bytes);
    const auto n_header = take<std::uint16_t>(bytes);
    const auto n_info = take<std::uint16_t>(bytes);
    const auto n_state = take<std::uint32_t>(bytes);
    s.header = take_bytes(bytes, n_header);
    s.info = take_bytes(bytes, n_info);
    s.state = take_bytes(bytes, n_state);
    s.cache = take_bytes(bytes, bytes.size());
    return s;
}

Bytes HostileSnapshot::pack() const {
    Bytes bytes;
    add(bytes, flags);
    add(bytes, n_cache_blocks);
    add(bytes, cache_offset);
    add(bytes, static_cast<std::uint16_t>(header.size()));
    add(bytes, static_cast<std::uint16_t>(info.size()));
    add(bytes, static_cast<std::uint32_t>(state.size()));
    for (const Bytes* part : {&header, &info, &state, &cache}) add(bytes, *part);
    return bytes;
}

HostileSnapshot HostileSnapshot::from_file(const std::filesystem::path& path) {
    const Bytes file = bytes_of(path);
    std::span<const std::byte> header = std::span(file).subspan(24);
    std::vector<std::span<const std::byte>> sections;
    for (int i = 0; i < 3; ++i) {
        const auto offset = take<std::uint64_t>(header);
        const auto size = take<std::uint64_t>(header);
        sections.push_back(std::span(file).subspan(offset, size));
        header = header.subspan(16);
    }
    HostileSnapshot s;
    s.info.assign(sections[0].begin(), sections[0].end());
    s.state.assign(sections[1].begin(), sections[1].end());
    s.cache.assign(sections[2].begin(), sections[2].end());
    while (!s.cache.empty() && s.cache.back() == std::byte{0}) s.cache.pop_back();
    s.n_cache_blocks = static_cast<std::uint8_t>(sections[2].size() / block_bytes - 1);
    return s;
}

Model model_for_snapshots(const std::filesystem::path& folder, bool has_windows) {
    const char* const chat =
        "{% for message in messages %}{{ '<|user|>\n' + message['content'] + eos_token + '\n' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}";
    TinyModel model{.n_embd = 32,
                    .n_head = 2,
                    .n_head_kv = 1,
                    .n_embd_head = 32,
                    .n_ff = 32,
                    .n_ctx_train = 128,
                    .n_vocab = 400,
                    .chat_template = chat};
    if (has_windows) {
        model.architecture = "gemma3";
        model.window = 12;
        model.window_pattern = 2;
    }
    return Model::load(write_tiny_model(model, folder));
}

SnapshotReader::SnapshotReader(Model model, std::span<const HostileSnapshot> sound)
    : model_(std::move(model)),
      file_(::memfd_create("snapshot", MFD_CLOEXEC)),
      path_("/proc/self/fd/" + std::to_string(file_)) {
    for (const HostileSnapshot& snapshot : sound) {
        write(snapshot);
        Session session = Session::restore(model_, path_, {.n_threads = 1, .verify = false});
        Bytes plan = plan_bytes(session);
        const auto is_same = [&](const Existing& e) { return e.plan == plan; };
        if (std::ranges::none_of(existing_, is_same))
            existing_.push_back({std::move(plan), std::move(session)});
    }
}

SnapshotReader::~SnapshotReader() { ::close(file_); }

/// Makes the KV cache zeros. Sessions map the file, so that to make it shorter is slow.
void SnapshotReader::clear(std::size_t size) {
    put(file_, Bytes(written_.n), written_.offset);
    written_ = {};
    if (size == size_) return;
    size_ = size;
    if (::ftruncate(file_, 0) != 0 || ::ftruncate(file_, static_cast<off_t>(size)) != 0)
        throw std::runtime_error("a file in memory cannot be resized");
}

void SnapshotReader::write(const HostileSnapshot& s) {
    if ((s.flags & HostileSnapshot::is_raw) != 0) {
        clear(s.state.size());
        return put(file_, s.state, 0);
    }

    Bytes state = s.state;
    const Hash128& fingerprint = Access::impl(model_).fingerprint();
    if ((s.flags & HostileSnapshot::own_fingerprint) == 0 && state.size() >= fingerprint.size())
        std::memcpy(state.data(), fingerprint.data(), fingerprint.size());

    const std::size_t state_offset = header_bytes + s.info.size();
    const std::size_t cache_offset =
        (state_offset + state.size() + block_bytes - 1) / block_bytes * block_bytes;
    const std::size_t cache_bytes = (s.n_cache_blocks % 4 + 1) * block_bytes;
    const std::size_t at = s.cache_offset % cache_bytes;
    const std::size_t n = std::min(s.cache.size(), cache_bytes - at);
    clear(cache_offset + cache_bytes);
    put(file_, s.info, header_bytes);
    put(file_, state, state_offset);
    put(file_, std::span(s.cache).first(n), cache_offset + at);
    written_ = {cache_offset + at, n};

    Hash128 cache_hash = {};
    if (is_whole(s)) {
        Bytes cache(cache_bytes);
        std::copy_n(s.cache.begin(), n, cache.begin() + static_cast<std::ptrdiff_t>(at));
        cache_hash = hash_of(cache);
    }
    Bytes header;
    for (const char c : {'I', 'N', 'F', 'I', 'P', 'O', 'T', '\n'}) add(header, c);
    add<std::uint32_t>(header, 2);
    add<std::uint32_t>(header, 0x01020304);
    add<std::uint64_t>(header, cache_offset + cache_bytes);
    add_place(header, header_bytes, s.info.size(), hash_of(s.info));
    add_place(header, state_offset, state.size(), hash_of(state));
    add_place(header, cache_offset, cache_bytes, cache_hash);
    put(file_, changed(std::move(header), s), 0);
}

void SnapshotReader::restore(std::uint8_t flags) const {
    Session session = Session::restore(model_, path_, {.n_threads = 1});
    if ((flags & HostileSnapshot::is_used) != 0) use(session);
}

void SnapshotReader::read_sections() const {
    const SnapshotFile file = SnapshotFile::open(path_);
    const Bytes bytes = file.read(SnapshotSection::state);
    StateArchive state(bytes);
    SavedPlan saved;
    saved.serialize(state);
    const auto is_same = [&](const Existing& e) {
        return bytes.size() > e.plan.size() &&
               std::equal(e.plan.begin(), e.plan.end(), bytes.begin());
    };
    const auto found = std::ranges::find_if(existing_, is_same);
    if (found == existing_.end()) {
        restore_plan(saved, Access::impl(model_), {.n_threads = 1});
        return;
    }
    Session::Impl& session = Access::impl(found->session);
    const CacheLayout layout(session.cache().shape());
    session.cache().go_back(file.image(layout.bytes, saved.n_kv));
    session.read_state(state);
}

std::string SnapshotReader::read(const HostileSnapshot& snapshot) {
    write(snapshot);
    std::string why = refusal_of([&] { read_snapshot_info(path_); });
    if (is_whole(snapshot)) why += refusal_of([&] { verify_snapshot(path_); });
    return why +
           refusal_of([&] { is_whole(snapshot) ? restore(snapshot.flags) : read_sections(); });
}

std::vector<HostileSnapshot> sound_snapshots(const Model& model,
                                             const std::filesystem::path& folder) {
    std::vector<HostileSnapshot> all;
    for (const PolicyInfo& policy : all_policies()) {
        for (const std::optional<Schedule> schedule :
             {std::optional<Schedule>(), std::optional(Schedule::per_token)}) {
            for (const KvType type : {KvType::f16, KvType::q4_0}) {
                const SessionOptions options{.budget = {.capacity = 64},
                                             .policy = make_policy(policy.name),
                                             .schedule = schedule,
                                             .kv_type = type,
                                             .catalyst = "all",
                                             .n_batch = 16,
                                             .n_threads = 1};
                if (is_allowed(model, options)) add_snapshots(model, options, folder, all);
            }
        }
    }
    return all;
}

}  // namespace infinipot
