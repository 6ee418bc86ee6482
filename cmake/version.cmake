# generated/base/version.h: the version of project(), the commit it was built from, and the schema it was built for.
set(PK_COMMIT unknown)
find_package(Git QUIET)
if(GIT_FOUND)
	execute_process(COMMAND ${GIT_EXECUTABLE} describe --always --dirty --exclude=* --abbrev=12
		WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE
		RESULT_VARIABLE failed ERROR_QUIET)
	if(NOT failed AND commit)
		set(PK_COMMIT ${commit})
	endif()
	# Each commit appends to this log: configure again, so that the binary names the right one.
	execute_process(COMMAND ${GIT_EXECUTABLE} rev-parse --git-path logs/HEAD
		WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE log OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
	cmake_path(ABSOLUTE_PATH log BASE_DIRECTORY ${CMAKE_SOURCE_DIR})
	if(log AND EXISTS ${log} AND NOT IS_DIRECTORY ${log})
		set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${log})
	endif()
endif()
# The newest migration: the daemon refuses to run on any other schema.
set(PK_SCHEMA 000)
file(GLOB migrations CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/migrations ${CMAKE_SOURCE_DIR}/migrations/V*__*.sql)
foreach(migration ${migrations})
	string(REGEX REPLACE "^V([0-9]+)__.*" "\\1" number ${migration})
	if(number STRGREATER PK_SCHEMA)
		set(PK_SCHEMA ${number})
	endif()
endforeach()
configure_file(${CMAKE_SOURCE_DIR}/cmake/version.h.in ${CMAKE_BINARY_DIR}/generated/base/version.h @ONLY)
