# Writes OUTPUT, a header with the commit of SOURCE_DIR, unless it says so already.
#   cmake -D SOURCE_DIR=... -D OUTPUT=... -P commit.cmake

cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND git describe --always --dirty --abbrev=12 --exclude=*
    WORKING_DIRECTORY ${SOURCE_DIR} OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
    set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define INFINIPOT_COMMIT \"@commit@\"\n" @ONLY)
