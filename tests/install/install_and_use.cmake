# Installs what BUILD_DIR holds into a fresh prefix, then builds and runs the consumer against it.
# cmake -D BUILD_DIR=.. -D WORK_DIR=.. -D GENERATOR=.. -D COMPILER=.. -P install_and_use.cmake

function(run)
    execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/prefix)
# Moved after it was installed: nothing in it may depend on where that was.
file(RENAME ${WORK_DIR}/prefix ${WORK_DIR}/moved)
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK_DIR}/build -G ${GENERATOR}
    -D CMAKE_PREFIX_PATH=${WORK_DIR}/moved -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)
run(${WORK_DIR}/build/consumer)

# What comes with the program.
set(share ${WORK_DIR}/moved/share)
foreach(file IN ITEMS man/man1/infinipot.1 bash-completion/completions/infinipot
        zsh/site-functions/_infinipot fish/vendor_completions.d/infinipot.fish)
    if(EXISTS ${WORK_DIR}/moved/bin/infinipot AND NOT EXISTS ${share}/${file})
        message(FATAL_ERROR "share/${file} is not installed")
    endif()
endforeach()
