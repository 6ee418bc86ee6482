# Every test program, found by its name: nothing to register. All go to build/tests.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
set(PK_TESTS ${CMAKE_SOURCE_DIR}/tests)
function(pk_test_program name)
	add_executable(${name} ${ARGN})
	target_include_directories(${name} PRIVATE ${PK_TESTS})
	# An absolute path, so that tests find their vectors from any working directory.
	target_compile_definitions(${name} PRIVATE TESTS_DIR="${PK_TESTS}")
	target_link_libraries(${name} PkgConfig::cmocka PkgConfig::json)
endfunction()

function(pk_ctest name)
	add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
	set_tests_properties(${name} PROPERTIES TIMEOUT 300
		ENVIRONMENT "ASAN_OPTIONS=detect_leaks=1:abort_on_error=0;UBSAN_OPTIONS=print_stacktrace=1")
endfunction()

# tests/unit/test_<x>.c: one cmocka program each.
file(GLOB files CONFIGURE_DEPENDS ${PK_TESTS}/unit/test_*.c)
foreach(file ${files})
	cmake_path(GET file STEM name)
	pk_test_program(${name} ${file})
	target_link_libraries(${name} ${PK_ALL})
	pk_ctest(${name} ${name})
	list(APPEND unit ${name})
endforeach()

# tests/vectors_run/*.c: one program that holds our bytes against the recorded ones.
file(GLOB files CONFIGURE_DEPENDS ${PK_TESTS}/vectors_run/*.c)
if(files)
	pk_test_program(run_vectors ${files})
	target_link_libraries(run_vectors ${PK_ALL})
	pk_ctest(run_vectors run_vectors)
endif()

# tests/sim/*.c: the engine as it is, with the simulator's chain and journal behind their headers. pk_chain and
# pk_journal are left out on purpose: a function that the simulator forgot is a link error.
file(GLOB files CONFIGURE_DEPENDS ${PK_TESTS}/sim/*.c)
if(files)
	pk_test_program(sim ${files})
	target_link_libraries(sim pk_engine pk_core pk_base)
	pk_ctest(sim sim)
endif()

# tests/fuzz/fuzz_<parser>.c: LLVMFuzzerTestOneInput. With PK_FUZZ a libFuzzer program, else a replay of its corpus
# (tests/fuzz/corpus/<parser>/*, may be missing) and of short made-up inputs.
file(GLOB files CONFIGURE_DEPENDS ${PK_TESTS}/fuzz/fuzz_*.c)
foreach(file ${files})
	cmake_path(GET file STEM name)
	string(REPLACE fuzz_ "" parser ${name})
	if(PK_FUZZ)
		pk_test_program(${name} ${file})
		target_link_libraries(${name} ${PK_ALL})
		target_link_options(${name} PRIVATE -fsanitize=fuzzer)
		pk_ctest(${name} ${name} -runs=20000 -max_total_time=20)
	else()
		pk_test_program(${name} ${file} ${PK_TESTS}/fuzz/replay.c)
		target_link_libraries(${name} ${PK_ALL})
		pk_ctest(${name} ${name} ${PK_TESTS}/fuzz/corpus/${parser})
		list(APPEND unit ${name})
	endif()
endforeach()

# What the suite "unit" of scripts/test runs, without the programs of the other suites.
add_custom_target(unit DEPENDS ${unit})

# tests/live/<folder>/<x>.c: programs that a script runs against a real server; not part of ctest.
file(GLOB files CONFIGURE_DEPENDS ${PK_TESTS}/live/*/*.c)
foreach(file ${files})
	cmake_path(GET file STEM name)
	pk_test_program(live_${name} ${file})
	target_link_libraries(live_${name} ${PK_ALL})
endforeach()

# tests/bench/<x>.c: programs of scripts/bench; not part of ctest.
file(GLOB files CONFIGURE_DEPENDS ${PK_TESTS}/bench/*.c)
foreach(file ${files})
	cmake_path(GET file STEM name)
	pk_test_program(${name} ${file})
	target_link_libraries(${name} ${PK_ALL})
endforeach()
