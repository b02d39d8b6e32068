#include "engine/forward_pass.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <utility>

#include "cache/row_format.h"
#include "observe/surprisal.h"

namespace infinipot {

namespace {

constexpr std::size_t logits_tile_bytes = 8u << 20;          // logits never take more than this
constexpr std::size_t device_logits_tile_bytes = 64u << 20;  // but on devices of thousands of cores

std::size_t size(int n) { return static_cast<std::size_t>(n); }

int tile_tokens_for(int n_vocab, const Backend& backend) {
    const std::size_t bytes = backend.on_cpu() ? logits_tile_bytes : device_logits_tile_bytes;
    return std::max(1, static_cast<int>(bytes / (size(n_vocab) * sizeof(float))));
}

int tile_for_observing(const Backend& backend, const WindowShape& windows) {
    const int n = backend.on_cpu() ? 32 : 256;
    return windows.n_layer == 0 ? n : std::min(n, windows.n_batch);
}

std::size_t max_nodes(const Model::Impl& model) {
    const std::size_t per_layer =
        model.architecture->nodes_per_layer() + attention_mass_nodes + query_statistics_nodes;
    return size(model.hparams.n_layer) * per_layer + 64;
}

/// Numbers that the surprisal of a token is computed of.
int n_scored(const Model::Impl& model) {
    return model.architecture->sums_logits() ? kernels::n_log_sums(model.summed_tokens()) + 1
                                             : model.hparams.n_vocab;
}

/// Corrects the surprisal of a token whose probability p was summed twice, which made it
/// p / (1 + p).
float counted_once(float nats) { return std::max(nats + std::log1p(-std::exp(-nats)), 0.0f); }

}  // namespace

ForwardPass::ForwardPass(const Model::Impl& model, Backend& backend, KvCache& cache,
                         const Limits& limits, const ForwardPass* other)
    : model_(model),
      cache_(cache),
      states_(model, cache.shape(), limits.n_batch, backend.buffer_type()),
      workspace_(other == nullptr ? Workspace(backend, max_nodes(model))
                                  : Workspace(backend, other->workspace_)),
      tile_tokens_(std::min(limits.n_batch, tile_tokens_for(n_scored(model), backend))),
      observed_tile_tokens_(tile_for_observing(backend, states_.windows().shape())),
      context_(make_description_context(1)),
      state_(size(model.hparams.n_embd)),
      positions_(limits.positions),
      logits_(size(model.hparams.n_vocab)),
      indices_(size(std::max(limits.n_batch, cache.shape().capacity))) {
    const CacheShape& shape = cache.shape();
    hidden_ =
        ggml_new_tensor_2d(context_.get(), GGML_TYPE_F32, model.hparams.n_embd, limits.n_batch + 1);
    buffer_ = allocate_unset_tensors(context_.get(), backend.buffer_type(), "hidden states");
    set_preceding_state(state_);
    if (limits.expected_attention) future_.emplace(model, cache, backend, limits.n_sink);
    if (limits.n_observed > 0) {
        mass_.emplace(shape, backend.buffer_type());
        const std::size_t n = size(shape.n_layer) * size(shape.n_head_kv) * size(shape.capacity);
        attention_memory_.emplace(PageMemory::zeros(n * sizeof(float), false));
        attention_ = {reinterpret_cast<float*>(attention_memory_->data()), n};
    }
    mask_.reserve(size(limits.n_batch) * size(shape.capacity));
    if (other == nullptr) reserve(limits);
}

/// Shows the workspace the largest graph of each kind: one allocator serves them all, one after
/// another.
void ForwardPass::reserve(const Limits& limits) {
    const int capacity = cache_.shape().capacity;
    const int n_slots = states_.windows().shape().n_slots();
    const auto last_batch = [&](int n) { return Batch{capacity - n, n, n_slots - n}; };
    GraphInputs inputs;
    ggml_tensor* ignored = nullptr;
    workspace_.reserve(batch_graph(last_batch(limits.n_batch), Outputs::hidden, inputs));
    if (mass_) {
        const int n = std::min(limits.n_observed, observed_tile_tokens_);
        workspace_.reserve(batch_graph(last_batch(n), Outputs::attention, inputs));
        workspace_.reserve(batch_graph(last_batch(std::min(n, limits.n_batch)),
                                       Outputs::hidden_and_attention, inputs));
    }
    if (limits.surprisal) workspace_.reserve(surprisal_graph(0, tile_tokens_, ignored, ignored));
    workspace_.reserve(logits_graph(ignored));
    if (future_) future_->reserve(workspace_);
    std::vector<ggml_tensor*> slots;
    if (!cache_.on_host()) workspace_.reserve(gather_graph(capacity, slots));
    states_.reserve(workspace_);
    if (limits.renumber) workspace_.reserve(renumber_graph(0, capacity, ignored));
}

std::size_t ForwardPass::bytes() const {
    return workspace_.bytes() + states_.scratch_bytes() +
           ggml_backend_buffer_get_size(buffer_.get()) + (mass_ ? mass_->bytes() : 0) +
           (future_ ? future_->bytes() : 0) +
           (attention_.size() + logits_.size() + state_.size()) * sizeof(float) +
           indices_.size() * sizeof(std::int32_t) + mask_.capacity() * sizeof(ggml_fp16_t);
}

/// Returns rows [first, first + n) of the hidden states: [n_embd, n]. Row 0 precedes the batch.
ggml_tensor* ForwardPass::hidden_rows(ggml_context* context, int first, int n) const {
    return ggml_view_2d(context, hidden_, hidden_->ne[0], n, hidden_->nb[1],
                        size(first) * hidden_->nb[1]);
}

/// Adds to a batch's graph the measuring of attention that `outputs` asks for.
void ForwardPass::observe(GraphBuilder& g, ggml_cgraph* graph, Outputs outputs) const {
    if (outputs == Outputs::hidden) return;
    ggml_context* const context = g.context();
    g.measure_mass([this, context](int il) { return mass_->of_layer(context, il); },
                   mass_->hook(context, graph));
}

AttentionHook ForwardPass::query_hook(ggml_context* context, ggml_cgraph* graph, const Batch& batch,
                                      Outputs outputs) const {
    if (outputs == Outputs::attention || !future_) return {};
    return future_->statistics.hook(context, graph, future_->n_skipped(batch));
}

Workspace::Build ForwardPass::batch_graph(const Batch& batch, Outputs outputs, GraphInputs& inputs,
                                          std::span<const LayerAttention> layers) const {
    return [this, batch, outputs, &inputs, layers](ggml_context* context, ggml_cgraph* graph) {
        GraphBuilder g(context, graph, model_.hparams, model_.options.kernels,
                       {model_.size->layers(), cache_, states_.fixed(), states_.windows()}, batch,
                       positions_, query_hook(context, graph, batch, outputs));
        observe(g, graph, outputs);
        g.attend_with(layers);
        ggml_tensor* hidden = model_.architecture->hidden(g);  // [n_embd, n_tokens]
        inputs = g.inputs();
        ggml_build_forward_expand(graph, inputs.mask);
        ggml_build_forward_expand(graph, inputs.positions);
        if (inputs.local) ggml_build_forward_expand(graph, inputs.local->mask);
        if (outputs == Outputs::attention) {
            ggml_build_forward_expand(graph, hidden);
        } else {
            ggml_tensor* rows = hidden_rows(context, 1, batch.n_tokens);
            ggml_build_forward_expand(graph, ggml_cpy(context, hidden, rows));
        }
    };
}

void ForwardPass::compute_batch(std::span<const Token> tokens, int first_slot, int first_position,
                                Outputs outputs, std::span<const LayerAttention> layers) {
    const auto n = static_cast<int>(tokens.size());
    states_.make_room(n, workspace_);
    const LocalWindows& windows = states_.windows();
    const Batch batch{first_slot, n, windows.n()};
    assert(batch.end_slot() <= cache_.shape().capacity);
    GraphInputs inputs;
    const Workspace::Use use = workspace_.prepare(batch_graph(batch, outputs, inputs, layers));
    ggml_backend_tensor_set(inputs.tokens, tokens.data(), 0, tokens.size_bytes());
    set_to_count(inputs.positions, first_position);
    set_to_count(inputs.slots, first_slot);
    if (inputs.local) {
        set_to_count(inputs.local->positions, windows.first_position() + windows.n());
        set_to_count(inputs.local->slots, windows.n());
    }
    set_masks(batch, inputs, mask_);
    set_temperatures(first_position, inputs);
    if (inputs.grouped) set_grouped_inputs(batch, positions_, *inputs.grouped);
    layers.empty() ? workspace_.compute() : workspace_.compute_wholly();
}

/// Sets `numbers`, I32, to first, first + 1, ...
void ForwardPass::set_to_count(ggml_tensor* numbers, int first) {
    std::iota(indices_.begin(), indices_.begin() + numbers->ne[0], first);
    ggml_backend_tensor_set(numbers, indices_.data(), 0, ggml_nbytes(numbers));
}

/// Adds up the attention that the last graph has measured for the first n_kv slots.
void ForwardPass::add_measured_attention(int n_kv) { mass_->add_to(attention_, n_kv); }

void ForwardPass::run(std::span<const Token> tokens, int first_position, bool observe) {
    assert(!observe || (mass_ && static_cast<int>(tokens.size()) <= observed_tile_tokens_));
    compute_batch(tokens, cache_.n(), first_position,
                  observe ? Outputs::hidden_and_attention : Outputs::hidden);
    n_run_ = static_cast<int>(tokens.size());
    end_slot_ = cache_.n() + n_run_;
    observed_ = observe;
}

void ForwardPass::run_with(std::span<const LayerAttention> layers, std::span<const Token> tokens,
                           int first_slot, int first_position) {
    compute_batch(tokens, first_slot, first_position, Outputs::hidden, layers);
    n_run_ = static_cast<int>(tokens.size());
    end_slot_ = first_slot + n_run_;
    observed_ = false;
}

void ForwardPass::reserve_with(std::span<const LayerAttention> layers, int n_tokens) {
    GraphInputs inputs;
    const int n_slots = states_.windows().shape().n_slots();
    const Batch last{cache_.shape().capacity - n_tokens, n_tokens, n_slots - n_tokens};
    workspace_.reserve(batch_graph(last, Outputs::hidden, inputs, layers));
}

std::span<float> ForwardPass::attention(int il, int head) {
    const std::size_t capacity = size(cache_.shape().capacity);
    return attention_.subspan(size(il * cache_.shape().n_head_kv + head) * capacity, capacity);
}

Workspace::Build ForwardPass::surprisal_graph(int first, int n, ggml_tensor*& targets,
                                              ggml_tensor*& nats) const {
    return [this, first, n, &targets, &nats](ggml_context* context, ggml_cgraph* graph) {
        const Architecture& architecture = *model_.architecture;
        targets = ggml_new_tensor_2d(context, GGML_TYPE_I32, 1, n);
        ggml_set_input(targets);
        Operators g(context);
        ggml_tensor* hidden = hidden_rows(context, first, n);
        if (architecture.sums_logits()) {
            ggml_tensor* sums = architecture.log_sums(g, hidden, model_.summed_tokens(),
                                                      ggml_reshape_1d(context, targets, n));
            nats = build_surprisal(context, sums, nullptr);
        } else {
            nats = build_surprisal(context, architecture.logits(g, hidden), targets);
        }
        ggml_set_output(nats);
        ggml_build_forward_expand(graph, nats);
    };
}

void ForwardPass::surprisal(std::span<const Token> tokens, std::span<float> nats, bool wholly) {
    assert(static_cast<int>(tokens.size()) == n_run_ && nats.size() == tokens.size());
    for (int first = 0; first < n_run_; first += tile_tokens_) {
        const int n = std::min(tile_tokens_, n_run_ - first);
        ggml_tensor* targets = nullptr;
        ggml_tensor* result = nullptr;
        const Workspace::Use use = workspace_.prepare(surprisal_graph(first, n, targets, result));
        ggml_backend_tensor_set(targets, tokens.data() + first, 0, ggml_nbytes(targets));
        wholly ? workspace_.compute_wholly() : workspace_.compute();
        ggml_backend_tensor_get(result, nats.data() + first, 0, ggml_nbytes(result));
    }
    if (!model_.architecture->sums_logits()) return;
    for (std::size_t i = 0; i < tokens.size(); ++i)
        if (model_.is_summed(tokens[i])) nats[i] = counted_once(nats[i]);
}

Workspace::Build ForwardPass::logits_graph(ggml_tensor*& logits) const {
    return [this, &logits](ggml_context* context, ggml_cgraph* graph) {
        Operators g(context);
        logits = model_.architecture->logits(g, hidden_rows(context, n_run_, 1));
        ggml_set_output(logits);
        ggml_build_forward_expand(graph, logits);
    };
}

std::span<const float> ForwardPass::logits() {
    ggml_tensor* result = nullptr;
    const Workspace::Use use = workspace_.prepare(logits_graph(result));
    workspace_.compute();
    ggml_backend_tensor_get(result, logits_.data(), 0, ggml_nbytes(result));
    return logits_;
}

void ForwardPass::advance(bool count_queries) {
    if (std::exchange(observed_, false)) add_measured_attention(end_slot_);
    if (future_ && count_queries) {
        future_->statistics.commit(n_run_ - future_->n_skipped({end_slot_ - n_run_, n_run_}));
    }
    ggml_backend_tensor_get(hidden_, state_.data(), size(n_run_) * hidden_->nb[1], hidden_->nb[1]);
    set_preceding_state(state_);
    states_.advance(n_run_);
    n_run_ = 0;
}

std::vector<float> ForwardPass::preceding_state() const {
    std::vector<float> state(state_.size());
    ggml_backend_tensor_get(hidden_, state.data(), 0, hidden_->nb[1]);
    return state;
}

void ForwardPass::set_preceding_state(std::span<const float> state) {
    ggml_backend_tensor_set(hidden_, state.data(), 0, state.size_bytes());
}

void ForwardPass::serialize(StateArchive& archive, bool observing) {
    std::vector<float> state = preceding_state();
    archive.block(std::span(state));
    set_preceding_state(state);
    states_.serialize(archive);
    if (future_) future_->statistics.serialize(archive);
    if (observing) archive.block(attention_);
}

/// Restores what layers keep next to the pot, however the runs in between end.
class ForwardPass::Trial {
   public:
    explicit Trial(ForwardPass& forward) : forward_(forward), before_(forward.layer_states()) {}
    ~Trial() { forward_.set_layer_states(before_); }
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;

   private:
    ForwardPass& forward_;
    std::vector<std::byte> before_;
};

/// A tile attends to those before it, in the pot and in what layers keep next to it.
void ForwardPass::run_catalyst(std::span<const Token> catalyst, int first_position) {
    forget_attention();
    std::optional<Trial> trial;
    const bool has_tiles = catalyst.size() > size(observed_tile_tokens_);
    if (has_tiles || states_.windows().must_move(static_cast<int>(catalyst.size())))
        trial.emplace(*this);
    for (std::size_t done = 0; done < catalyst.size(); done += size(observed_tile_tokens_)) {
        const auto tile =
            catalyst.subspan(done, std::min(size(observed_tile_tokens_), catalyst.size() - done));
        const int offset = static_cast<int>(done);
        compute_batch(tile, cache_.n() + offset, first_position + offset, Outputs::attention);
        add_measured_attention(cache_.n());
        if (trial) states_.advance(static_cast<int>(tile.size()));
    }
}

int ForwardPass::gather(const KeptSlots& kept) {
    if (!cache_.on_host()) gather_vectors(kept);
    return cache_.gather(kept);
}

void ForwardPass::gather_vectors(const KeptSlots& kept) {
    std::vector<ggml_tensor*> slots;
    const Workspace::Use use =
        workspace_.prepare(gather_graph(static_cast<int>(kept.front().size()), slots));
    for (std::size_t i = 0; i < kept.size(); ++i) {
        const std::size_t n_head_kv = size(cache_.shape().n_head_kv);
        const std::size_t bytes = kept[i].size() * sizeof(int);
        ggml_backend_tensor_set(slots[i / n_head_kv], kept[i].data(), i % n_head_kv * bytes, bytes);
    }
    workspace_.compute_wholly();
}

Workspace::Build ForwardPass::gather_graph(int n_kept, std::vector<ggml_tensor*>& slots) const {
    return [this, n_kept, &slots](ggml_context* context, ggml_cgraph* graph) {
        slots.clear();
        for (int il = 0; il < cache_.shape().n_layer; ++il) {
            slots.push_back(
                new_input(context, GGML_TYPE_I32, n_kept, cache_.shape().n_head_kv, "kept_slots"));
        }
        cache_.gather_graph(context, graph, slots);
    };
}

Workspace::Build ForwardPass::renumber_graph(int first, int n, ggml_tensor*& positions) const {
    return [this, first, n, &positions](ggml_context* context, ggml_cgraph* graph) {
        const auto slots = [&](ggml_tensor* pot) {  // [n_embd_head, n_head_kv, n]
            ggml_tensor* view = ggml_view_3d(context, pot, pot->ne[0], n, pot->ne[2], pot->nb[1],
                                             pot->nb[2], size(first) * pot->nb[1]);
            return ggml_permute(context, view, 0, 2, 1, 3);
        };
        positions = ggml_new_tensor_1d(context, GGML_TYPE_I32, n);
        ggml_set_input(positions);
        ggml_build_forward_expand(graph, positions);
        for (int il = 0; il < cache_.shape().n_layer; ++il) {
            const Rotation rotation = model_.pot_attention(il, cache_.shape().capacity).rotation;
            if (!rotation.turns()) continue;  // the moved keys are what attention reads
            const KeyCentres& centres = cache_.key_centres();
            ggml_tensor* keys = load_rows(context, slots(cache_.keys(il)),
                                          centres.turns(il) ? nullptr : centres.keys(il));
            ggml_tensor* rotated = rotation.apply(context, keys, positions);
            ggml_build_forward_expand(graph, store_rows(context, rotated, cache_.rotated_keys(il),
                                                        positions, centres.rotated_keys(il)));
        }
    };
}

void ForwardPass::renumber(int first) {
    const int n = cache_.n() - first;
    if (n == 0) return;
    ggml_tensor* positions = nullptr;
    const Workspace::Use use = workspace_.prepare(renumber_graph(first, n, positions));
    set_to_count(positions, first);
    workspace_.compute_wholly();
}

}  // namespace infinipot
