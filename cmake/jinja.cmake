# llama.cpp's Jinja engine and what it needs, from the pinned source: it runs the chat templates of
# models. Its objects become part of our library.

function(infinipot_add_jinja target)
    set(common ${INFINIPOT_LLAMA_SOURCE}/common)
    file(GLOB sources ${common}/jinja/*.cpp)
    add_library(infinipot_jinja OBJECT ${sources} ${common}/json.cpp ${common}/unicode.cpp)
    set_target_properties(infinipot_jinja PROPERTIES COMPILE_WARNING_AS_ERROR OFF)
    target_include_directories(infinipot_jinja SYSTEM PUBLIC ${common}
        PRIVATE ${INFINIPOT_LLAMA_SOURCE}/vendor ${INFINIPOT_LLAMA_SOURCE}/ggml/include)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:infinipot_jinja>)
    set_source_files_properties(${PROJECT_SOURCE_DIR}/src/text/chat_template.cpp PROPERTIES
        COMPILE_OPTIONS "-isystem;${common}")
endfunction()
