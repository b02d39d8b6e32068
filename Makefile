# A thin front: each target is a line or two that can be typed by hand.

JOBS ?= $(shell nproc)
SOURCES = $(shell find src include apps eval examples bench tests -name '*.h' -o -name '*.cpp' 2>/dev/null)
TIDIED = $(shell find src apps eval examples bench -name '*.cpp' 2>/dev/null)

help: ## this list
	@awk -F ':.*## ' '/^[a-z -]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: build/release/build.ninja ## the library, the program, tests and benchmarks, in build/release
	cmake --build build/release -j $(JOBS)

demo: build ## read a novel in fixed memory and answer twenty questions about it
	build/release/infinipot pull
	scripts/demo

test: build ## every test
	build/release/infinipot pull tinyllama
	build/release/infinipot pull stories15m
	ctest --preset release -j 2

lint: ## format, layers, prose, names in documents and lengths of functions
	clang-format --dry-run -Werror $(SOURCES)
	scripts/check-layers --self-test && scripts/check-layers
	scripts/check-prose --self-test && scripts/check-prose
	scripts/check-docs --self-test && scripts/check-docs
	scripts/function-lengths --self-test && scripts/function-lengths

tidy: build/release/build.ninja ## clang-tidy, a few minutes
	run-clang-tidy -quiet -j $(JOBS) -p build/release $(TIDIED)

format: ## rewrite the sources as .clang-format says
	clang-format -i $(SOURCES)

asan tsan: %: build/%/build.ninja ## tests that need no downloaded model, under sanitizers
	cmake --build build/$@ -j $(JOBS)
	ctest --preset $@ -j $(JOBS) -LE real

fuzz-snapshot: build/fuzz/build.ninja ## ten million hostile snapshots under sanitizers; an hour, and goes on where it ended
	cmake --build build/fuzz -j $(JOBS) --target fuzz_snapshot write_snapshots
	experiments/fuzz-snapshot

aarch64: build/aarch64/build.ninja ## for 64-bit ARM on another CPU; tests of kernels and cache run under qemu-user
	cmake --build build/aarch64 -j $(JOBS) --target infinipot_cli test_graph
	ctest --preset aarch64 -j $(JOBS) -L graph

cuda: build/cuda/build.ninja ## the program for NVIDIA GPUs, in build/cuda; takes half an hour
	cmake --build build/cuda -j $(JOBS)

bench: build ## micro benchmarks
	build/release/infinipot_bench

bench-vs-llama: build ## InfiniPot beside llama.cpp's llama-bench; a long while, and goes on where it ended
	build/release/infinipot pull tinyllama
	experiments/bench-vs-llama build/bench-vs-llama

clean: ## remove build/, not what was downloaded
	rm -rf build

build/%/build.ninja: CMakePresets.json
	scripts/bootstrap $*
	cmake --preset $*

.PHONY: help build demo test lint tidy format asan tsan fuzz-snapshot aarch64 cuda bench bench-vs-llama clean
