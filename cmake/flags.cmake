# Compiler and linker flags, each with the reason why it is here.
option(PK_WERROR "warnings are errors" OFF)
option(PK_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
if(CMAKE_BUILD_TYPE STREQUAL Release)
	set(release ON)
endif()
option(PK_HARDEN "run-time protections of a program that is exposed and holds keys" ${release})
option(PK_COVERAGE "count executed lines and branches (gcc)" OFF)
option(PK_FUZZ "build tests/fuzz as libFuzzer programs (clang)" OFF)

add_compile_definitions(_GNU_SOURCE) # -std=c11 alone hides POSIX, explicit_bzero, pipe2, ...

add_compile_options(
	-Wall -Wextra         # the usual suspects
	-Wpedantic            # no compiler extensions that another compiler lacks
	-Wshadow              # a second variable of the same name reads as the first
	-Wconversion          # silent narrowing loses lamports
	-Wstrict-prototypes   # f() would take any arguments
	-Wmissing-prototypes  # what is not in a header is static
	-Wvla                 # the stack is not sized by input
	-Wswitch-enum         # a new enum member must be handled everywhere
	-Wformat=2            # format strings are constants and fit their arguments
	-Wcast-qual           # const is a promise
	-Wwrite-strings       # literals are const
	-Wundef               # a misspelt macro in #if is not a quiet 0
)
if(PK_WERROR)
	add_compile_options(-Werror) # a warning nobody has to fix is not read
endif()

if(PK_SANITIZE OR PK_FUZZ)
	add_compile_options(-fsanitize=address,undefined)     # memory and arithmetic faults stop the test that made them
	add_compile_options(-fno-sanitize-recover=all)        # a finding is a failure, not a line in the log
	add_link_options(-fsanitize=address,undefined)
endif()
if(PK_SANITIZE AND NOT PK_FUZZ)
	# A hundred programs with all of this in them: the usual linker takes four times as long.
	include(CheckLinkerFlag)
	check_linker_flag(C -fuse-ld=gold PK_GOLD)
	if(PK_GOLD)
		add_link_options(-fuse-ld=gold)
	endif()
endif()
if(PK_FUZZ)
	if(NOT CMAKE_C_COMPILER_ID MATCHES Clang)
		message(FATAL_ERROR "PK_FUZZ=ON needs clang (libFuzzer), the compiler is ${CMAKE_C_COMPILER}: use -DCMAKE_C_COMPILER=clang-14")
	endif()
	add_compile_options(-fsanitize=fuzzer-no-link)        # the fuzzer sees which branches an input took
endif()
if(PK_COVERAGE)
	add_compile_options(--coverage -fprofile-update=atomic) # exact counts, also with two processes at once
	add_link_options(--coverage)
endif()
if(PK_HARDEN)
	add_compile_options(
		-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 # checked memcpy and printf; some distributions preset it, hence -U
		-fstack-protector-strong              # a smashed frame aborts
		-fstack-clash-protection              # the stack cannot jump over its guard page
		-fPIE                                 # addresses differ in every run
		-ffile-prefix-map=${CMAKE_SOURCE_DIR}/= # the same bytes wherever it is built, and no path of that machine in them
	)
	add_link_options(
		-pie                                  # likewise
		-Wl,-z,relro -Wl,-z,now               # the table of imported functions is read-only
		-Wl,-z,noexecstack                    # data is never code
	)
endif()
