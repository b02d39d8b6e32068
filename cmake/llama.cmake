# ggml and libllama, from one pinned llama.cpp source: v0.5.0, see scripts/fetch-llama.

set(INFINIPOT_LLAMA_DIR "" CACHE PATH "llama.cpp source folder to use instead of the pinned one")
option(INFINIPOT_GGML_FP16 "Let ggml use AVX512-FP16, which slows its decoding (see cmake/llama.cmake)" OFF)
option(INFINIPOT_GGML_OPENMP "Let ggml use OpenMP, as it does by default (see cmake/llama.cmake)" OFF)
option(INFINIPOT_CUDA "Let models run on NVIDIA GPUs (see docs/gpu.md)" OFF)
option(INFINIPOT_LLAMA_BENCH "Be able to build llama.cpp's llama-bench, for experiments/bench-vs-llama" OFF)

function(infinipot_find_llama result)
    if(INFINIPOT_LLAMA_DIR)
        set(dir ${INFINIPOT_LLAMA_DIR})
    else()
        set(dir ${PROJECT_SOURCE_DIR}/.deps/llama.cpp)
        execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/fetch-llama RESULT_VARIABLE failed)
        if(failed)
            message(FATAL_ERROR "llama.cpp could not be fetched; put its source, version 0.5.0, "
                "anywhere and configure with -DINFINIPOT_LLAMA_DIR=FOLDER.")
        endif()
    endif()
    if(NOT EXISTS ${dir}/include/llama.h OR NOT EXISTS ${dir}/ggml/CMakeLists.txt)
        message(FATAL_ERROR "${dir} is not a llama.cpp source folder.")
    endif()
    set(${result} ${dir} PARENT_SCOPE)
endfunction()

# Variables set here end with the function, so they rule llama.cpp's options and nothing else.
function(infinipot_add_llama dir)
    set(BUILD_SHARED_LIBS OFF)
    set(CMAKE_COMPILE_WARNING_AS_ERROR OFF)
    set(LLAMA_ALL_WARNINGS OFF)
    set(LLAMA_BUILD_COMMON ${INFINIPOT_LLAMA_BENCH})
    set(LLAMA_BUILD_TOOLS ${INFINIPOT_LLAMA_BENCH})
    set(LLAMA_OPENSSL OFF)
    set(LLAMA_BUILD_TESTS OFF)
    set(LLAMA_BUILD_EXAMPLES OFF)
    set(LLAMA_BUILD_SERVER OFF)
    set(LLAMA_BUILD_APP OFF)
    set(GGML_NATIVE ${INFINIPOT_NATIVE})
    # OpenMP's barriers spin: with other work on the cores decoding falls to a tenth or less. ggml's own
    # thread pool is as fast on an idle machine.
    set(GGML_OPENMP ${INFINIPOT_GGML_OPENMP})
    set(GGML_CUDA ${INFINIPOT_CUDA})
    set(GGML_CUDA_NCCL OFF)  # one GPU holds a model
    add_subdirectory(${dir} ${PROJECT_BINARY_DIR}/llama.cpp EXCLUDE_FROM_ALL SYSTEM)
endfunction()

# With GCC < 14, AMX kernels crash at the first quantised prefill; the header says why and mends it.
function(infinipot_fix_amx_tile_config dir)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14
            AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
        set_source_files_properties(${dir}/ggml/src/ggml-cpu/amx/mmq.cpp
            TARGET_DIRECTORY ggml-cpu PROPERTIES
            COMPILE_OPTIONS "-include;${PROJECT_SOURCE_DIR}/cmake/amx_tile_config.h")
    endif()
endfunction()

# Threads that wait long sleep; the header says why.
function(infinipot_make_threads_patient dir)
    set_source_files_properties(${dir}/ggml/src/ggml-cpu/ggml-cpu.c
        TARGET_DIRECTORY ggml-cpu PROPERTIES
        COMPILE_OPTIONS "-include;${PROJECT_SOURCE_DIR}/cmake/patient_wait.h")
endfunction()

# With AVX512-FP16 ggml's dot products of F16 rows take 128 values at a time and the rest one by one in
# scalar code: for heads of 64 or 96, that is all of them. Measured on TinyLlama Q8_0 (heads of 64), two
# threads, flash attention, tokens/s:
#                       512 read   16 written   512 read at 1536   16 written at 1536
#   with AVX512-FP16        69.7         13.3               45.3                  5.5
#   without                 72.7         14.3               47.8                 10.5
function(infinipot_avoid_avx512fp16)
    include(CheckCXXCompilerFlag)
    check_cxx_compiler_flag(-mno-avx512fp16 INFINIPOT_CAN_AVOID_AVX512FP16)
    if(INFINIPOT_NATIVE AND NOT INFINIPOT_GGML_FP16 AND INFINIPOT_CAN_AVOID_AVX512FP16)
        target_compile_options(ggml-cpu PRIVATE -mno-avx512fp16)
    endif()
endfunction()

# Sanitizers watch our code and ggml, in which our graphs run. libllama, with its graphs of 150 models,
# would make such a build four times as long.
function(infinipot_spare_libllama_sanitizers)
    if(INFINIPOT_SANITIZE)
        target_compile_options(llama PRIVATE -fno-sanitize=all)
    endif()
endfunction()

# ggml's plain assertions are about numbers, such as a sum that is not finite, which a damaged or odd model
# can bring about; a release does without them. GGML_ASSERT, about its own state, is always there.
function(infinipot_spare_ggml_assertions)
    target_compile_definitions(ggml-cpu PRIVATE NDEBUG)
endfunction()

infinipot_find_llama(INFINIPOT_LLAMA_SOURCE)
infinipot_add_llama(${INFINIPOT_LLAMA_SOURCE})
infinipot_fix_amx_tile_config(${INFINIPOT_LLAMA_SOURCE})
infinipot_make_threads_patient(${INFINIPOT_LLAMA_SOURCE})
infinipot_avoid_avx512fp16()
infinipot_spare_libllama_sanitizers()
infinipot_spare_ggml_assertions()
