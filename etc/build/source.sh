# SPDX-License-Identifier: GPL-2.0-or-later
# Read by the scripts beside this one, which make libraries from source: where sources come from, and how a failure is
# said. The reader has set `what` (the noun of its messages), `work` (a folder that may vanish) and `log` (a file).
# shellcheck shell=sh disable=SC2154

say() {
	echo "$what: $1"
}

fail() {
	echo "$what: $1" >&2
	tail -n 20 "$log" >&2
	echo "The whole log is $log. 'make WOLFSSL=system' builds with Debian's libraries instead." >&2
	exit 1
}

patience="-o Acquire::Retries=1 -o Acquire::http::Timeout=20 -o APT::Sandbox::User=$(id -un)"
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2>/dev/null || true)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The mirrors of this machine that have the running release ($1 = "") or its security updates ("-security").
mirrors() {
	apt-get --print-uris update 2>>"$log" |
		sed -nE "s,^'(.*)/dists/(${codename:-none}|oldstable|stable|testing|unstable|sid)$1/InRelease'.*,\1,p" |
		sort -u
}

# from_pool PATH FILE SHA256: an archive that is known by its digest, so no signature is needed.
from_pool() {
	[ -f "$2" ] && echo "$3  $2" | sha256sum -c --status && return 0
	for mirror in $(mirrors ""); do
		# shellcheck disable=SC2086
		/usr/lib/apt/apt-helper $patience download-file "$mirror/pool/main/$1" "$2" "SHA256:$3" >>"$log" 2>&1 &&
			return 0
	done
	return 1
}

# Unpacks the source package $1 in $work, by apt, from lists of our own: source packages need deb-src entries, which a
# fresh system does not have. apt verifies the signature of the lists, and the digests in them; where the keys of the
# release are not known here, that fails like everything else that cannot be had. `origin` says what came.
from_package() {
	apt="apt-get -q $patience -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$work/apt
		-o Dir::State::Lists=$work/lists -o Acquire::Languages=none"
	mkdir -p "$work/lists/partial"
	# Foreign archives may have no sources: what is missing shows in the next step.
	$apt update >>"$log" 2>&1 || true
	(cd "$work" && $apt source "$1") >>"$log" 2>&1 || { rm -rf "$work/$1"[-_]*; return 1; }
	origin="Debian's source package $(sed -n '1s/.*(\(.*\)).*/\1/p' "$work/$1"-*/debian/changelog) with"
	origin="$origin $(grep -vc '^#' "$work/$1"-*/debian/patches/series 2>/dev/null || true) patches"
}

# from_release RELEASE PACKAGE: with the security patches of another release of Debian.
from_release() {
	rm -rf "$work/apt" && mkdir -p "$work/apt"
	for updates in "" -security; do
		for mirror in $(mirrors "$updates"); do
			echo "deb-src [signed-by=$keyring] $mirror $1$updates main" >>"$work/apt/next.list"
		done
	done
	from_package "$2"
}

from_running_release() {
	rm -rf "$work/apt" && mkdir -p "$work/apt"
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -f "$f" ] && sed 's/^Types:.*/Types: deb-src/' "$f" >"$work/apt/$(basename "$f")"
	done
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -f "$f" ] && sed -n 's/^deb /deb-src /p' "$f" >"$work/apt/$(basename "$f" .list).list"
	done
	from_package "$1"
}
