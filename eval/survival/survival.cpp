#include "eval/survival/survival.h"

#include <cassert>
#include <string>
#include <utility>

namespace infinipot::eval {

namespace {

std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

bool held(std::uint32_t left_at, std::uint32_t after) {
    return left_at == Survival::never || left_at > after;
}

class Recording final : public EvictionPolicy {
   public:
    Recording(PolicyPtr policy, std::shared_ptr<Survival> record)
        : policy_(std::move(policy)), record_(std::move(record)) {}

    std::string spec() const override { return policy_->spec(); }
    Schedule schedule() const override { return policy_->schedule(); }
    Positions positions() const override { return policy_->positions(); }

    Needs needs() const override {
        Needs needs = policy_->needs();
        needs.position = true;
        return needs;
    }

    void select(const LayerView& view, std::span<Keep> heads) const override {
        policy_->select(view, heads);
        if (!policy_->needs().across_layers) return record_->record(view, heads);
        LayerView each = view;  // the choice for the first layer holds for all layers
        for (each.layer = 0; each.layer < record_->n_layer(); ++each.layer) {
            record_->record(each, heads);
        }
    }

   private:
    PolicyPtr policy_;
    std::shared_ptr<Survival> record_;
};

}  // namespace

Survival::Survival(int n_layer, int n_head_kv)
    : n_layer_(n_layer),
      n_head_kv_(n_head_kv),
      left_at_(size(n_heads())),
      n_selections_(size(n_layer)) {}

std::uint32_t Survival::n_distillations() const {
    return static_cast<std::uint32_t>(tokens_read_.size());
}

std::int64_t Survival::tokens_read(std::uint32_t distillation) const {
    assert(distillation >= 1 && distillation <= n_distillations());
    return tokens_read_[distillation - 1];
}

const std::vector<std::uint32_t>& Survival::row(int il, int head) const {
    return left_at_[size(il * n_head_kv_ + head)];
}

std::uint32_t Survival::left_at(int il, int head, std::int64_t position) const {
    const auto& left = row(il, head);
    return size(position) < left.size() ? left[size(position)] : never;
}

std::vector<std::int64_t> Survival::survivors(std::uint32_t distillation, int il, int head) const {
    const auto& left = row(il, head);
    std::vector<std::int64_t> positions;
    for (std::int64_t at = 0; at < tokens_read(distillation); ++at) {
        if (held(left[size(at)], distillation)) positions.push_back(at);
    }
    return positions;
}

void Survival::add_holding(std::uint32_t distillation, int il, std::span<int> counts) const {
    for (int head = 0; head < n_head_kv_; ++head) {
        const auto& left = row(il, head);
        for (std::size_t at = 0; at < counts.size(); ++at) {
            counts[at] += held(left[at], distillation) ? 1 : 0;
        }
    }
}

std::vector<int> Survival::n_holding(std::uint32_t distillation, int il) const {
    std::vector<int> counts(size(tokens_read(distillation)));
    add_holding(distillation, il, counts);
    return counts;
}

std::vector<int> Survival::n_holding(std::uint32_t distillation) const {
    std::vector<int> counts(size(tokens_read(distillation)));
    for (int il = 0; il < n_layer_; ++il) add_holding(distillation, il, counts);
    return counts;
}

void Survival::record(const LayerView& view, std::span<const Keep> heads) {
    if (closed_) return;
    assert(view.layer < n_layer_ && view.n_head_kv == n_head_kv_ && view.n_kv > 0);
    const std::uint32_t distillation = ++n_selections_[size(view.layer)];
    const std::int64_t n_read = view.position[0].back() + 1;  // the newest entry is never missing
    if (distillation > n_distillations()) tokens_read_.push_back(n_read);
    for (int head = 0; head < n_head_kv_; ++head) {
        const auto position = view.position[head];
        auto& left = left_at_[size(view.layer * n_head_kv_ + head)];
        left.resize(size(n_read), never);
        for (int slot = 0; slot < view.n_kv; ++slot) {
            if (!heads[size(head)].kept(slot)) left[size(position[size(slot)])] = distillation;
        }
    }
}

PolicyPtr recording(PolicyPtr policy, std::shared_ptr<Survival> record) {
    return std::make_shared<Recording>(std::move(policy), std::move(record));
}

}  // namespace infinipot::eval
