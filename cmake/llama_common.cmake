# Parts of llama.cpp's common/ from the pinned source. Their objects become part of our library.
#   jinja                    runs the chat templates of models; jinja_limits.cmake limits them
#   json-schema-to-grammar   turns a JSON schema into a grammar

include(cmake/jinja_limits.cmake)

function(infinipot_add_llama_common target)
    set(common ${INFINIPOT_LLAMA_SOURCE}/common)
    set(limited ${PROJECT_BINARY_DIR}/limited)
    infinipot_limit_jinja(sources ${limited})
    add_library(infinipot_llama_common OBJECT ${sources} ${common}/json.cpp ${common}/unicode.cpp
        ${common}/trie.cpp ${common}/json-schema.cpp ${common}/json-schema-to-grammar.cpp)
    set_target_properties(infinipot_llama_common PROPERTIES COMPILE_WARNING_AS_ERROR OFF)
    target_include_directories(infinipot_llama_common SYSTEM PUBLIC ${limited} ${common} PRIVATE
        ${PROJECT_SOURCE_DIR}/src ${INFINIPOT_LLAMA_SOURCE}/vendor ${INFINIPOT_LLAMA_SOURCE}/ggml/include ${INFINIPOT_LLAMA_SOURCE}/include)
    # In place of common.cpp, which needs much more.
    set(shim ${PROJECT_SOURCE_DIR}/src/text/json_schema_shim.h)
    set_source_files_properties(${common}/json-schema.cpp ${common}/json-schema-to-grammar.cpp PROPERTIES
        COMPILE_OPTIONS "-include;${shim}" OBJECT_DEPENDS ${shim})
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:infinipot_llama_common>)
    set_source_files_properties(${PROJECT_SOURCE_DIR}/src/text/chat_template.cpp
        ${PROJECT_SOURCE_DIR}/src/text/json_schema.cpp PROPERTIES COMPILE_OPTIONS "-isystem;${limited};-isystem;${common}")
endfunction()
