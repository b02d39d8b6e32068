# The manual page and the completions of shells, which the program itself writes at build time. A
# program for another CPU cannot run here, and is installed without them.

if(CMAKE_CROSSCOMPILING)
    return()
endif()

# Adds `file`, written by the program with these arguments, to what is installed in `folder`.
function(infinipot_program_text file folder)
    set(output ${PROJECT_BINARY_DIR}/generated/${file})
    add_custom_command(OUTPUT ${output} COMMAND infinipot_cli ${ARGN} > ${output} DEPENDS infinipot_cli)
    set_property(GLOBAL APPEND PROPERTY infinipot_program_texts ${output})
    install(FILES ${output} DESTINATION ${folder})
endfunction()

infinipot_program_text(infinipot.1 ${CMAKE_INSTALL_MANDIR}/man1 --man)
infinipot_program_text(infinipot ${CMAKE_INSTALL_DATADIR}/bash-completion/completions --completion bash)
infinipot_program_text(_infinipot ${CMAKE_INSTALL_DATADIR}/zsh/site-functions --completion zsh)
infinipot_program_text(infinipot.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d --completion fish)

get_property(texts GLOBAL PROPERTY infinipot_program_texts)
add_custom_target(infinipot_program_texts ALL DEPENDS ${texts})
