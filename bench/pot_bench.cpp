// Saving, restoring and forking a pot of a real model. For comparison, copying its file, and
// llama.cpp, which saves and restores as many tokens. The model is $INFINIPOT_BENCH_MODEL, else
// TinyLlama of infinipot pull; without one everything is skipped. Files lie in the temporary
// folder.

#include <benchmark/benchmark.h>
#include <llama.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "infinipot/infinipot.h"

namespace infinipot {
namespace {

namespace fs = std::filesystem;

constexpr int capacity = 2048;

fs::path model_file() {
    if (const char* named = std::getenv("INFINIPOT_BENCH_MODEL")) return named;
    const char* const home = std::getenv("HOME");
    return fs::path(home == nullptr ? "" : home) / ".cache/infinipot/tinyllama.gguf";
}

std::string endless_words() {
    std::string text;
    for (int i = 0; i < 3 * capacity; ++i) text += "word " + std::to_string(i % 977) + ' ';
    return text;
}

/// A full pot in memory and in a file, and libllama with the same number of tokens.
struct World {
    World() {
        std::string text = endless_words();
        while (session.stats().tokens_read < 1700) {
            session.ingest(text.substr(0, 1000));
            text.erase(0, 1000);
        }
        session.flush();
        session.save(pot);
        fs::copy_file(pot, changing);
        llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
        llama_model_params params = llama_model_default_params();
        params.n_gpu_layers = 0;
        theirs.reset(llama_model_load_from_file(model_file().c_str(), params));
        llama_context_params some = llama_context_default_params();
        some.n_ctx = some.n_batch = capacity;
        context.reset(llama_init_from_model(theirs.get(), some));
        tokens.assign(static_cast<std::size_t>(session.stats().n_kv), 1000);
        llama_decode(context.get(),
                     llama_batch_get_one(tokens.data(), static_cast<int>(tokens.size())));
        llama_state_seq_save_file(context.get(), slot.c_str(), 0, tokens.data(), tokens.size());
    }

    static World& get() {
        static World world;
        return world;
    }

    struct Free {
        void operator()(llama_model* each) const { llama_model_free(each); }
        void operator()(llama_context* each) const { llama_free(each); }
    };
    struct Folder {
        fs::path path =
            fs::temp_directory_path() / ("infinipot-bench-" + std::to_string(::getpid()));
        Folder() { fs::create_directories(path); }
        ~Folder() { fs::remove_all(path); }
    };

    Folder folder;
    fs::path pot = folder.path / "a.pot", changing = folder.path / "changing.pot";
    fs::path copy = folder.path / "copy", slot = folder.path / "slot";
    Model model = Model::load(model_file());
    Session session{model, {.budget = {.capacity = capacity}}};
    std::unique_ptr<llama_model, Free> theirs;
    std::unique_ptr<llama_context, Free> context;
    std::vector<llama_token> tokens;
};

/// Runs `action` on the world for as long as the benchmark wants.
template <typename Action>
void measure(benchmark::State& state, Action action) {
    if (!fs::exists(model_file())) {
        state.SkipWithError("there is no model; infinipot pull tinyllama gets one");
        return;
    }
    World& world = World::get();
    for (auto _ : state) action(world);
    state.counters["MiB"] = static_cast<double>(fs::file_size(world.pot)) / (1 << 20);
}

void save(benchmark::State& state) {
    measure(state, [](World& w) { w.session.save(w.copy); });
}

void copy_file(benchmark::State& state) {
    measure(state,
            [](World& w) { fs::copy_file(w.pot, w.copy, fs::copy_options::overwrite_existing); });
}

void restore(benchmark::State& state) {
    measure(state, [](World& w) { Session::restore(w.model, w.pot); });
}

void restore_first(benchmark::State& state) {
    measure(state, [](World& w) {
        const auto changed = fs::file_time_type::clock::now();
        fs::last_write_time(w.changing, changed);  // so it counts as a file that was never verified
        Session::restore(w.model, w.changing);
    });
}

void restore_unverified(benchmark::State& state) {
    measure(state, [](World& w) { Session::restore(w.model, w.pot, {.verify = false}); });
}

void fork_restored(benchmark::State& state) {
    std::optional<Session> parent;
    measure(state, [&](World& w) {
        if (!parent) parent.emplace(Session::restore(w.model, w.pot));
        benchmark::DoNotOptimize(parent->fork());
    });
}

void llama_save(benchmark::State& state) {
    measure(state, [](World& w) {
        llama_state_seq_save_file(w.context.get(), w.slot.c_str(), 0, w.tokens.data(),
                                  w.tokens.size());
    });
}

void llama_restore(benchmark::State& state) {
    measure(state, [](World& w) {
        std::vector<llama_token> tokens(w.tokens.size());
        std::size_t n = 0;
        llama_state_seq_load_file(w.context.get(), w.slot.c_str(), 0, tokens.data(), tokens.size(),
                                  &n);
    });
}

#define POT_BENCHMARK(name) \
    BENCHMARK(name)->Name("pot/" #name)->Unit(benchmark::kMillisecond)->MinTime(1.0)->UseRealTime()
POT_BENCHMARK(save);
POT_BENCHMARK(copy_file);
POT_BENCHMARK(restore);
POT_BENCHMARK(restore_first);
POT_BENCHMARK(restore_unverified);
POT_BENCHMARK(fork_restored);
POT_BENCHMARK(llama_save);
POT_BENCHMARK(llama_restore);

}  // namespace
}  // namespace infinipot
