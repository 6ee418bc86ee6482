# What `cmake --install` puts where, and the Debian package that scripts/package makes of it.
include(GNUInstallDirs)
set(doc ${CMAKE_INSTALL_DATADIR}/doc/poolkeeper)

install(TARGETS poolkeeper poolkeeper-signer RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# systemd looks below /usr and /usr/local alike, and finds the program of the unit in either bin/.
install(FILES config/poolkeeper.service config/poolkeeper-signer.service config/poolkeeper-signer.socket DESTINATION lib/systemd/system)
install(FILES config/poolkeeper.sysusers DESTINATION lib/sysusers.d RENAME poolkeeper.conf)
install(FILES config/poolkeeper.bash-completion DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME poolkeeper)
install(FILES config/devnet.conf config/mainnet-beta.conf config/pgbouncer.ini config/alerts.yml config/grafana-dashboard.json
	docs/database.md docs/operations.md docs/offchain.md docs/certificate.md docs/certificate.schema.json README.md DESTINATION ${doc})
install(FILES config/poolkeeper.service.d/signer.conf DESTINATION ${doc} RENAME poolkeeper-signer.conf)
install(FILES .env.example DESTINATION ${doc} RENAME env.example)
# The database tool finds the migrations beside itself.
install(PROGRAMS scripts/db DESTINATION ${CMAKE_INSTALL_DATADIR}/poolkeeper/scripts)
install(DIRECTORY scripts/db.d scripts/sql DESTINATION ${CMAKE_INSTALL_DATADIR}/poolkeeper/scripts)
install(DIRECTORY migrations DESTINATION ${CMAKE_INSTALL_DATADIR}/poolkeeper)
install(DIRECTORY config/sources DESTINATION ${CMAKE_INSTALL_DATADIR}/poolkeeper/config)

foreach(page poolkeeper poolkeeper-signer)
	add_custom_command(OUTPUT ${page}.8.gz DEPENDS ${CMAKE_SOURCE_DIR}/docs/man/${page}.8
		COMMAND gzip -9nc ${CMAKE_SOURCE_DIR}/docs/man/${page}.8 >${page}.8.gz)
	list(APPEND pages ${CMAKE_BINARY_DIR}/${page}.8.gz)
endforeach()
add_custom_target(man ALL DEPENDS ${pages})
install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)

# What only the package has: the settings that apt keeps over an upgrade, and how it begins and ends.
set(debian ${CMAKE_SOURCE_DIR}/config/debian)
set(tree ${CMAKE_BINARY_DIR}/debian)
configure_file(config/devnet.conf ${tree}/etc/poolkeeper/poolkeeper.conf COPYONLY)
foreach(text README.Debian copyright)
	configure_file(${debian}/${text} ${tree}/usr/share/doc/poolkeeper/${text} COPYONLY)
endforeach()
set(CPACK_GENERATOR DEB)
set(CPACK_INSTALLED_DIRECTORIES ${tree} /)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME poolkeeper)
set(CPACK_PACKAGE_CONTACT "poolkeeper <poolkeeper@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "drives lottery pools on Solana from lock to draw to payout")
set(CPACK_PACKAGE_DESCRIPTION "A daemon that keeps the pools of the MissOut lottery program moving. Postgres is its memory:
every transaction is written there before it is sent, so that a restart
at any moment costs time and never a second payout.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd (>= 252)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, postgresql-client")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bash-completion, postgresql, pgbouncer")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/postinst ${debian}/prerm ${debian}/postrm ${debian}/conffiles)
include(CPack)
