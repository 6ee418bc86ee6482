# Reads the log of "ctest -V" and prints passed, failed and skipped: a cmocka program counts by its cases, any other as one.
match($0, /^[0-9]+: \[  (PASSED  |SKIPPED |FAILED  )\] [0-9]+ test/) {
	program = $1 + 0
	split($0, parts, "]")
	word = $3
	cases[program, word] += parts[2] + 0
	by_cases[program] = 1
}
/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
	outcome = /\*\*\*Skipped/ ? "SKIPPED" : / Passed +[0-9.]+ sec/ ? "PASSED" : "FAILED"
	sub(/.*Test +#/, "")
	program = $1 + 0
	# A program that crashed has failed, whatever its cases said before; one that only skips says so by itself.
	if (!by_cases[program] || (outcome == "FAILED" && !cases[program, "FAILED"]))
		total[outcome]++
	if (by_cases[program])
		for (word in total_words) total[word] += cases[program, word]
}
BEGIN { total_words["PASSED"]; total_words["FAILED"]; total_words["SKIPPED"] }
END {
	if (total["PASSED"] + total["FAILED"] + total["SKIPPED"] > 0)
		print total["PASSED"] + 0, total["FAILED"] + 0, total["SKIPPED"] + 0
}
