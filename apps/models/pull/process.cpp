#include "models/pull/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <string_view>
#include <thread>

#include "base/system_reason.h"
#include "infinipot/error.h"

namespace infinipot::models {
namespace {

using namespace std::chrono_literals;

std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> all;
    for (std::string& word : words) all.push_back(word.data());
    all.push_back(nullptr);
    return all;
}

bool sets_same_variable(std::string_view a, std::string_view b) {
    return a.substr(0, a.find('=')) == b.substr(0, b.find('='));
}

std::vector<std::string> environment_with(const std::vector<std::string>& added) {
    std::vector<std::string> all = added;
    for (char** entry = ::environ; *entry != nullptr; ++entry) {
        bool is_replaced = false;
        for (const std::string& each : added)
            is_replaced = is_replaced || sets_same_variable(each, *entry);
        if (!is_replaced) all.emplace_back(*entry);
    }
    return all;
}

/// The streams of a new process, and the group of processes that it begins.
class SpawnSettings {
   public:
    explicit SpawnSettings(const std::filesystem::path& log) {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                           O_WRONLY | O_CREAT | O_TRUNC, 0666);
        ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
        ::posix_spawnattr_init(&attributes);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        ::posix_spawnattr_setpgroup(&attributes, 0);
    }
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

/// A process that runs, with its children. They are ended with the object.
class RunningProcess {
   public:
    explicit RunningProcess(pid_t id) : id_(id) {}
    ~RunningProcess() {
        if (has_ended_) return;
        ::kill(-id_, SIGTERM);
        for (int i = 0; i < 20 && !has_ended(); ++i) std::this_thread::sleep_for(100ms);
        if (has_ended_) return;
        ::kill(-id_, SIGKILL);
        int ignored = 0;
        while (::waitpid(id_, &ignored, 0) < 0 && errno == EINTR) {
        }
    }
    RunningProcess(const RunningProcess&) = delete;
    RunningProcess& operator=(const RunningProcess&) = delete;

    bool has_ended() {
        has_ended_ = has_ended_ || ::waitpid(id_, &status_, WNOHANG) == id_;
        return has_ended_;
    }

    int exit_status() const {
        return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
    }

   private:
    pid_t id_;
    int status_ = 0;
    bool has_ended_ = false;
};

}  // namespace

int run_process(const ProcessCall& call, const std::function<void()>& poll) {
    std::vector<std::string> words = call.words;
    std::vector<std::string> variables = environment_with(call.environment);
    const SpawnSettings settings(call.log);
    pid_t id = 0;
    const int error = ::posix_spawnp(&id, words[0].c_str(), &settings.actions, &settings.attributes,
                                     pointers(words).data(), pointers(variables).data());
    if (error == ENOENT || error == EACCES) return status_not_found;
    if (error != 0)
        throw Error(ErrorCode::file_error, words[0] + " cannot run: " + system_reason(error));
    RunningProcess process(id);
    while (!process.has_ended()) {
        poll();
        std::this_thread::sleep_for(20ms);
    }
    return process.exit_status();
}

}  // namespace infinipot::models
