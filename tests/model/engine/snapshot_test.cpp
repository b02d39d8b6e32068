#include "infinipot/snapshot.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "infinipot/policies.h"
#include "model/access.h"
#include "support/session_fixture.h"
#include "support/tiny_model.h"

// A session that was saved and restored, or forked, goes on bit for bit like one that was not.

namespace infinipot {
namespace {

namespace fs = std::filesystem;

/// A session's settings.
struct Setting {
    PolicyInfo policy;
    Schedule schedule;
    Positions positions;
    KvType kv_type;

    /// Whether entries leave while the text is being read.
    bool is_bounded() const {
        return policy.bounded &&
               (schedule == Schedule::when_full || schedule == Schedule::per_token);
    }

    SessionOptions options() const {
        return {.budget = {.capacity = is_bounded() ? 128 : 1024},
                .policy = make_policy(policy.name),
                .schedule = schedule,
                .positions = positions,
                .kv_type = kv_type,
                .n_batch = 32,
                .n_threads = 1};
    }

    /// Words that fill the KV cache again and again; under the per-token schedule, each token
    /// evicts.
    int n_words(int when_full) const {
        if (!is_bounded()) return 60;
        return schedule == Schedule::per_token ? when_full / 5 : when_full;
    }
};

std::ostream& operator<<(std::ostream& out, const Setting& s) {
    return out << s.policy.name << ' ' << to_string(s.schedule) << ' ' << to_string(s.positions)
               << ' ' << to_string(s.kv_type);
}

const Model& model() {
    static const TempDir folder;
    static const Model model = Model::load(
        write_tiny_model({.n_embd_head = 32, .n_ctx_train = 4096, .n_vocab = 600}, folder.path()));
    return model;
}

bool is_allowed(const Setting& setting) {
    try {
        resolve(model(), setting.options());
        return true;
    } catch (const Error&) {
        return false;
    }
}

/// All settings of a policy that the registry allows.
std::vector<Setting> settings_of(const PolicyInfo& policy) {
    std::vector<Setting> all;
    const std::vector<Positions> rules = {Positions::reset, Positions::keep,
                                          Positions::in_groups(4, 64)};
    for (const Schedule schedule :
         {Schedule::when_full, Schedule::per_token, Schedule::at_end, Schedule::before_reading}) {
        for (const Positions& positions : rules) {
            for (const KvType type : all_kv_types()) {
                const Setting setting{policy, schedule, positions, type};
                if (is_allowed(setting)) all.push_back(setting);
            }
        }
    }
    return all;
}

/// Everything that a session says after it has read more, been asked and written on.
std::string rest_of(Session& session, const Setting& setting) {
    const std::string text = words(setting.n_words(600), 5);
    std::string said = contents(session);
    session.ingest(text);
    said += session.ask("who?", {.max_tokens = 12}).text();
    said += contents(session);
    session.ingest(text.substr(0, 100));
    said += session.generate("", {.max_tokens = 200, .min_tokens = 200}).text();
    said += contents(session);
    const Stats stats = session.stats();
    EXPECT_TRUE(!setting.is_bounded() || stats.distillations >= 10) << stats.distillations;
    return said + std::to_string(stats.tokens_read) + ' ' + std::to_string(stats.bytes_read) + ' ' +
           std::to_string(stats.distillations) + ' ' + std::to_string(stats.peak_n_kv);
}

class EveryPolicy : public testing::TestWithParam<PolicyInfo> {};

TEST_P(EveryPolicy, Goes_on_from_a_snapshot_and_a_fork_bit_for_bit) {
    const TempDir folder;
    const fs::path path = folder.path() / "a.pot";
    const std::vector<Setting> settings = settings_of(GetParam());
    EXPECT_FALSE(settings.empty());
    for (const Setting& setting : settings) {
        SCOPED_TRACE(testing::Message() << setting);
        Session session(model(), setting.options());
        session.ingest(words(setting.n_words(400)) + "\xE2\x82");  // a cut character
        session.save(path);
        Session forked = session.fork();
        Session restored = Session::restore(model(), path, {.n_threads = 1});
        for (Session* each : {&session, &forked, &restored}) each->ingest("\xAC and more");
        const std::string expected = rest_of(session, setting);
        EXPECT_TRUE(rest_of(forked, setting) == expected);
        EXPECT_TRUE(rest_of(restored, setting) == expected);
    }
}

INSTANTIATE_TEST_SUITE_P(Snapshots, EveryPolicy, testing::ValuesIn(all_policies()),
                         [](const auto& test_case) {
                             std::string name = test_case.param.name;
                             for (char& c : name)
                                 if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                             return name;
                         });

class Snapshot : public testing::Test {
   protected:
    Session session() const {
        Session session(model(), {.budget = {.capacity = 192}, .n_threads = 2});
        session.ingest(words(400));
        return session;
    }

    std::string bytes() const {
        std::ifstream file(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    void overwrite(const std::string& bytes) const {
        fs::remove(path_);
        std::ofstream(path_, std::ios::binary) << bytes;
    }

    std::string restoring(ErrorCode code) const {
        return sentence_of([&] { Session::restore(model(), path_); }, code);
    }

    TempDir folder_;
    fs::path path_ = folder_.path() / "a.pot";
};

TEST_F(Snapshot, Says_what_is_in_it_without_the_model) {
    Session saved = session();
    saved.save(path_, std::vector<TextRead>{{"a.txt", 7, "00112233445566778899aabbccddeeff"}});
    const SnapshotInfo info = read_snapshot_info(path_);
    EXPECT_EQ(info.policy, saved.options().policy->spec());
    EXPECT_EQ(info.capacity, 192);
    EXPECT_EQ(info.n_kv, saved.stats().n_kv);
    EXPECT_EQ(info.bytes_read, saved.stats().bytes_read);
    EXPECT_EQ(info.tokens_read, saved.stats().tokens_read);
    EXPECT_EQ(info.file_bytes, fs::file_size(path_));
    ASSERT_EQ(info.texts.size(), 1u);
    EXPECT_EQ(info.texts[0], (TextRead{"a.txt", 7, "00112233445566778899aabbccddeeff"}));
    verify_snapshot(path_);
}

TEST_F(Snapshot, Is_hardly_larger_than_the_KV_cache) {
    Session saved(model(), {.budget = {.capacity = 4096}});
    saved.ingest("a few words");
    saved.save(path_);
    const double pot = static_cast<double>(saved.stats().pot_bytes);
    EXPECT_LE(static_cast<double>(fs::file_size(path_)), pot * 1.01 + 2 * 65536);
}

TEST_F(Snapshot, Keeps_nothing_of_a_question_that_was_asked) {
    Session saved = session();
    saved.flush();
    saved.save(path_);
    const std::string before = bytes();
    saved.ask("a question about salt and pepper?", {.max_tokens = 20}).text();
    saved.save(path_);
    const std::string after = bytes();
    ASSERT_EQ(after.size(), before.size());
    const std::size_t cache = before.size() - before.size() / 65536 * 65536 + 65536;
    EXPECT_EQ(after.substr(cache), before.substr(cache));
}

TEST_F(Snapshot, Is_refused_wherever_a_byte_of_it_has_changed) {
    session().save(path_);
    const std::string whole = bytes();
    for (std::size_t at = 0; at < whole.size(); at += at < 256 ? 1 : 997) {
        const bool is_padding = whole[at] == 0 && at >= 136 && at < 65536;
        if (is_padding) continue;
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
        overwrite(damaged);
        EXPECT_NE(restoring(ErrorCode::bad_snapshot), "") << at;
    }
}

TEST_F(Snapshot, Is_verified_again_once_its_file_has_changed) {
    session().save(path_);
    std::this_thread::sleep_for(
        std::chrono::milliseconds(1100));  // until the file may be remembered
    for (int i = 0; i < 2; ++i) Session::restore(model(), path_);
    const auto last = static_cast<std::streamoff>(fs::file_size(path_)) - 1;
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(last);
    const auto byte = static_cast<char>(file.get() ^ 0x40);
    file.seekp(last);
    file.put(byte).flush();
    EXPECT_NE(restoring(ErrorCode::bad_snapshot), "");
}

TEST_F(Snapshot, Is_refused_when_it_was_cut_off) {
    session().save(path_);
    const std::string whole = bytes();
    for (const std::size_t n : {std::size_t{0}, std::size_t{7}, std::size_t{100}, std::size_t{4096},
                                whole.size() / 2, whole.size() - 1}) {
        overwrite(whole.substr(0, n));
        EXPECT_NE(restoring(ErrorCode::bad_snapshot), "") << n;
    }
}

TEST_F(Snapshot, Is_refused_by_another_model) {
    session().save(path_);
    const Model other = Model::load(write_tiny_model(
        {.n_embd_head = 32, .n_ctx_train = 4096, .n_vocab = 600, .seed = 2}, folder_.path()));
    const std::string sentence =
        sentence_of([&] { Session::restore(other, path_); }, ErrorCode::bad_snapshot);
    EXPECT_NE(sentence.find("another model"), std::string::npos) << sentence;
}

TEST_F(Snapshot, Leaves_the_old_one_where_it_cannot_be_written) {
    const fs::path file = folder_.path() / "file";
    std::ofstream(file) << "old";
    sentence_of([&] { session().save(file / "a.pot"); }, ErrorCode::file_error);
    sentence_of([&] { session().save(folder_.path()); }, ErrorCode::file_error);
    sentence_of([&] { session().save(folder_.path() / "nowhere" / "a.pot"); },
                ErrorCode::file_error);
    EXPECT_EQ(fs::file_size(file), 3u);
}

TEST_F(Snapshot, Of_a_restored_session_may_take_the_place_of_its_own_file) {
    session().save(path_);
    Session restored = Session::restore(model(), path_);
    Session twin = Session::restore(model(), path_);
    restored.ingest(words(300, 7));
    restored.save(path_);
    EXPECT_EQ(contents(twin), contents(*std::make_unique<Session>(session())));
    Session again = Session::restore(model(), path_);
    EXPECT_EQ(contents(again), contents(restored));
}

TEST_F(Snapshot, Belongs_to_no_answer_that_is_being_generated) {
    Session busy = session();
    const Generation answer = busy.ask("who?");
    sentence_of([&] { busy.save(path_); }, ErrorCode::invalid_argument);
    sentence_of([&] { busy.fork(); }, ErrorCode::invalid_argument);
    EXPECT_FALSE(fs::exists(path_));
}

TEST_F(Snapshot, Forks_of_forks_do_not_touch_each_other) {
    Session root = session();
    root.flush();
    const std::string before = contents(root);
    Session first = root.fork();
    first.ingest(words(200, 8));
    Session second = first.fork();
    Session third = root.fork();
    second.ingest(words(200, 9));
    third.ingest(words(200, 8));
    first.flush();
    third.flush();
    EXPECT_EQ(contents(root), before);
    EXPECT_EQ(contents(third), contents(first));
    EXPECT_NE(contents(second), contents(first));
}

}  // namespace
}  // namespace infinipot
