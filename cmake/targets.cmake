# How our own targets are made.

# All .cpp files below `folder`, in `result`. New files are noticed at the next build.
function(infinipot_sources result folder)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
    set(${result} ${sources} PARENT_SCOPE)
endfunction()

# Warnings for the code we write, not for what we depend on. The presets make them errors.
function(infinipot_own_code target)
    target_compile_options(${target} PRIVATE
        $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion>
        # GCC 12 warns of "text" + std::string() where nothing is wrong (GCC bug 105651).
        $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
    if(INFINIPOT_SANITIZE)
        # GCC 12 takes std::regex for uninitialised in instrumented code; the sanitizers know better.
        target_compile_options(${target} PRIVATE -fno-sanitize-recover=all
            $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
    endif()
    if(INFINIPOT_FUZZ)
        target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link,address,undefined
            -fno-sanitize-recover=all -fno-omit-frame-pointer)
    endif()
endfunction()

# Kernels are compiled for the CPU that their file name says, whatever the rest is compiled for, and
# chosen at run time. Such a file must not be the one that instantiates a template others use too: the
# linker could give its instructions to a CPU that lacks them.
function(infinipot_kernel_flags)
    if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
        return()
    endif()
    set(avx2 -mavx2 -mfma -mf16c)
    set(avx512 ${avx2} -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni)
    set(amx ${avx512} -mamx-tile -mamx-bf16)
    if(INFINIPOT_EMULATE_AVX512)
        set(avx512 ${avx2} -Wno-psabi -O1)  # slow either way, and sooner built
        set(amx ${avx512})
    endif()
    set(x8 ${avx2})
    if(INFINIPOT_FUZZ)  # the preset asan watches kernels; here that would take an hour to compile
        list(APPEND avx2 -fno-sanitize=all)
        list(APPEND avx512 -fno-sanitize=all)
        list(APPEND amx -fno-sanitize=all)
        list(APPEND x8 -fno-sanitize=all)
    endif()
    foreach(source IN LISTS ARGN)
        if(source MATCHES "/src/tensor/kernels/.*_(x8|avx2|avx512|amx)\\.cpp$")
            set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${${CMAKE_MATCH_1}}")
        endif()
    endforeach()
endfunction()
