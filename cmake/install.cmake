# `cmake --install`: headers, the library with the static libraries it stands on, the program, and
# find_package(infinipot).

include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/infinipot)

install(DIRECTORY include/infinipot TYPE INCLUDE)
install(TARGETS infinipot EXPORT infinipotTargets)
install(EXPORT infinipotTargets NAMESPACE infinipot:: DESTINATION ${package_dir})

# ggml and libllama are ours alone, so they go into a folder of their own, where they meet no others.
set(INFINIPOT_DEPENDENCY_DIR ${CMAKE_INSTALL_LIBDIR}/infinipot)
set(INFINIPOT_DEPENDENCIES llama ggml ggml-cpu ggml-base)
if(INFINIPOT_CUDA)
    list(INSERT INFINIPOT_DEPENDENCIES 2 ggml-cuda)
    set(INFINIPOT_CUDA_LIBRARIES CUDA::cudart CUDA::cublas CUDA::cuda_driver)
endif()
foreach(library IN LISTS INFINIPOT_DEPENDENCIES)
    install(FILES $<TARGET_FILE:${library}> DESTINATION ${INFINIPOT_DEPENDENCY_DIR})
endforeach()

install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${INFINIPOT_LLAMA_SOURCE}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME LICENSE.llama.cpp)

configure_package_config_file(cmake/infinipotConfig.cmake.in infinipotConfig.cmake
    INSTALL_DESTINATION ${package_dir} PATH_VARS INFINIPOT_DEPENDENCY_DIR)
write_basic_package_version_file(infinipotConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/infinipotConfig.cmake
              ${PROJECT_BINARY_DIR}/infinipotConfigVersion.cmake DESTINATION ${package_dir})

if(TARGET infinipot_cli)
    install(TARGETS infinipot_cli)
    include(cmake/program_texts.cmake)
endif()
