# SPDX-License-Identifier: GPL-2.0-or-later
# The texts of `radsecgw help`, as a table in C, from the lists of commands and of log events in the manual page, so
# that the manual and the program say the same. Reads the mdoc macros that the page uses.
#
#     awk -f etc/build/help.awk etc/man/radsecgw.8 >helptext.c

BEGIN {
	WIDTH = 78
	quote = sprintf("%c", 39)
	print "#include \"help.h\"\n\nconst struct rgw_help_text rgw_help_texts[] = {"
}

# One more word of the paragraph; it stands close to the one before if that, or it, wants so.
function word(text) {
	gsub(/\\&/, "", text)
	gsub(/\\-/, "-", text)
	gsub(/\\e/, "\\", text)
	if (text ~ /^[.,:;)\]?!]$/)
		close_by = 1
	if (n_words > 0 && close_by)
		words[n_words] = words[n_words] text
	else
		words[++n_words] = text
	close_by = text == "(" || text == "["
}

# What is open ends, before the punctuation at the end of the line.
function end_open() {
	if (open_with != "") {
		words[n_words] = words[n_words] open_with
		open_with = ""
	}
}

function begin_open(first, last) {
	end_open()
	before = first
	open_with = last
}

# The words of a line with macros: names of macros only say how a word looks.
function macros(line,    i, n, t, part) {
	gsub(/"/, "", line)
	n = split(line, part, " ")
	for (i = 1; i <= n; i++) {
		t = part[i]
		if (t == "Nm")
			t = "radsecgw"
		else if (t ~ /^(Ic|Li|Cm|Ar|Pa|Va|Ev|Sx|No)$/)
			continue
		else if (t == "Fl") {
			before = before "-"
			continue
		} else if (t == "Ql" || t == "Dq") {
			begin_open(quote, quote)
			continue
		} else if (t == "Pq") {
			begin_open("(", ")")
			continue
		} else if (t == "Op" || t == "Oo") {
			if (t == "Op")
				n_ops++
			before = before "["
			continue
		} else if (t == "Oc") {
			close_by = 1
			t = "]"
		} else if (t == "Ns") {
			close_by = 1
			continue
		} else if (t == "Xr") {
			t = part[i + 1] "(" part[i + 2] ")"
			i += 2
		}
		if (t ~ /^[.,:;]$/ && before == "")
			end_open()
		else
			t = before t
		before = ""
		word(t)
	}
	end_open()
	for (; n_ops > 0; n_ops--)
		words[n_words] = words[n_words] "]"
}

function add(line) {
	text = text line "\n"
}

# The paragraph is complete: its words fill lines.
function fill(    i, line) {
	line = ""
	for (i = 1; i <= n_words; i++) {
		if (line != "" && length(line) + 1 + length(words[i]) > WIDTH - 2) {
			add("  " line)
			line = ""
		}
		line = line == "" ? words[i] : line " " words[i]
	}
	if (line != "")
		add("  " line)
	n_words = 0
	close_by = 0
}

function in_c(s) {
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	gsub(/\n/, "\\n\"\n\t  \"", s)
	sub(/\n\t  "$/, "", s)
	sub(/\\n"$/, "\\n", s)
	return s
}

# The item is complete.
function finish() {
	fill()
	if (names != "" && names !~ /^-/)
		printf "\t{ %s, \"%s\", \"%s\",\n\t  \"%s\" },\n", kind, in_c(subject), in_c(names), in_c(text)
	names = text = ""
}

/^\.Sh / {
	finish()
	kind = $0 == ".Sh DESCRIPTION" ? "RGW_HELP_COMMAND" : $0 == ".Sh LOG" ? "RGW_HELP_EVENT" : ""
	subject = ""
	next
}
kind == "" { next }
/^\.\\"/ || /^\.Bl / { next }
/^\.El/ { finish(); next }
/^\.Ss / { finish(); subject = substr($0, 5); next }
/^\.It / {
	finish()
	macros(substr($0, 5))
	for (names = words[1]; n_words > 1; n_words--)
		rest = words[n_words] (rest == "" ? "" : " ") rest
	names = rest == "" ? names : names " " rest
	gsub(/,/, "", names)
	rest = ""
	n_words = 0
	next
}
names == "" { next }
/^\.Pp/ { fill(); add(""); next }
/^\.Dl / { fill(); add("      " substr($0, 5)); next }
/^\./ { macros(substr($0, 2)); next }
{ n = split($0, plain, " "); for (i = 1; i <= n; i++) word(plain[i]) }

END {
	finish()
	print "\t{ RGW_HELP_EVENT, NULL, NULL, NULL },\n};"
}
