# The libraries poolkeeper stands on; a missing one is named with the Debian package that has it.
find_package(PkgConfig REQUIRED)

function(pk_library target module package)
	pkg_check_modules(${target} QUIET IMPORTED_TARGET GLOBAL ${module})
	if(NOT ${target}_FOUND)
		message(FATAL_ERROR "${module} was not found: apt-get install ${package}")
	endif()
endfunction()

pk_library(sodium libsodium libsodium-dev)
pk_library(curl libcurl libcurl4-openssl-dev)
pk_library(pq libpq libpq-dev)
pk_library(json json-c libjson-c-dev)
pk_library(secp256k1 libsecp256k1 libsecp256k1-dev)
pk_library(microhttpd libmicrohttpd libmicrohttpd-dev)

# Optional, and no package of Debian 12: with it drand's signatures are checked, without it they count as not checked.
pkg_check_modules(blst QUIET IMPORTED_TARGET GLOBAL libblst)

# libev ships no pkg-config file.
find_path(PK_LIBEV_INCLUDE ev.h)
find_library(PK_LIBEV_LIBRARY ev)
if(NOT PK_LIBEV_INCLUDE OR NOT PK_LIBEV_LIBRARY)
	message(FATAL_ERROR "libev was not found: apt-get install libev-dev")
endif()
add_library(libev INTERFACE)
target_include_directories(libev SYSTEM INTERFACE ${PK_LIBEV_INCLUDE})
target_link_libraries(libev INTERFACE ${PK_LIBEV_LIBRARY})

if(BUILD_TESTING)
	pk_library(cmocka cmocka libcmocka-dev)
endif()
