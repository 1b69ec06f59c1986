# shellcheck shell=bash
# What the laboratory's servers share: one error line, Debian packages unpacked into a cache, free
# ports, and processes that cannot outlive their welcome. Sourced, never run.
#
# Nothing here installs anything or starts a service: packages are downloaded by name from whatever
# sources apt already knows and unpacked beside the cache, so no root is needed and no system file changes.

# Where finished servers are kept between runs.
# shellcheck disable=SC2034 # read by the scripts that source this
cache_root="${XDG_CACHE_HOME:-$HOME/.cache}/meshdeck/laboratory"
# How long a server may live when nobody stops it, in seconds.
lifetime="${MESHDECK_LABORATORY_LIFETIME:-7200}"
# What every message begins with.
laboratory_name="$(basename "$0")"
# What goes when the script ends, however it ends: a folder of temporary files, and the servers being started.
scratch=""
starting=""
servers=()

clean_up() {
  local name
  [ -z "$starting" ] || for name in "${servers[@]}"; do halt "$starting" "$name"; done
  if [ -n "$scratch" ]; then
    chmod -R u+w "$scratch" 2>/dev/null || true
    rm -rf "$scratch"
  fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

# The command line is wrong or a server that exists does not start: one line, exit 1.
fail() {
  printf '%s: error: %s\n' "$laboratory_name" "$*" >&2
  exit 1
}

# The server cannot be had on this machine: one loud line, exit 77, which callers read as "skip".
skip() {
  printf '%s: SKIPPED: %s\n' "$laboratory_name" "$*" >&2
  exit 77
}

# A line of progress; standard output belongs to the answer.
note() { printf '%s: %s\n' "$laboratory_name" "$*" >&2; }

# Skips unless every named command exists.
need() {
  local command
  for command in "$@"; do
    command -v "$command" >/dev/null || skip "needs the command '$command', which is not installed"
  done
}

# A private apt under FOLDER/binary that reads the system's sources but keeps its own lists, so that stale or
# absent lists do not matter.
apt_open() {
  local folder="$1/binary"
  need apt-get dpkg-deb
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  timeout 300 apt-get -qq "${apt_quiet[@]}" -o "Dir::State::lists=$folder/lists" -o "Dir::Cache=$folder/cache" \
    update >"$folder/log" 2>&1 || note "apt-get update reported problems: $(tail -n 1 "$folder/log")"
}
apt_quiet=(-o APT::Sandbox::User=root -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o APT::Update::Post-Invoke::=)

# Downloads the named Debian packages through the apt of FOLDER and unpacks them into TREE.
apt_unpack() {
  local folder="$1/binary" tree="$2" package
  shift 2
  mkdir -p "$folder/packages" "$tree"
  for package in "$@"; do
    (
      cd "$folder/packages" && rm -f -- *.deb &&
        timeout 600 apt-get -qq "${apt_quiet[@]}" -o "Dir::State::lists=$folder/lists" -o "Dir::Cache=$folder/cache" \
          download "$package" >"$folder/log" 2>&1 && dpkg-deb -x ./*.deb "$tree" 2>>"$folder/log"
    ) || skip "the Debian package '$package' cannot be downloaded: $(tail -n 1 "$folder/log")"
  done
}

# Downloads, into TARGET, the parts of the Debian source package NAME. The place it comes from is derived from the
# binary sources apt already uses, in either notation, and written to a list of our own.
apt_source() {
  local folder="$1" name="$2" target="$3" signed=""
  mkdir -p "$folder/source/lists/partial" "$folder/source/cache/archives/partial" "$target"
  if [ -r /usr/share/keyrings/debian-archive-keyring.gpg ]; then
    signed="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
  fi
  # shellcheck disable=SC2016 # apt fills these in
  apt-get "${apt_quiet[@]}" -o "Dir::State::lists=$folder/binary/lists" -o "Dir::Cache=$folder/binary/cache" indextargets \
    --format '$(ORIGIN)|$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)' |
    awk -F'|' -v signed="$signed" \
      '$1 == "Debian" && $2 == "Packages" && !seen[$0]++ { print "deb-src " signed $3 " " $4 " " $5 }' \
      >"$folder/source/sources.list"
  [ -s "$folder/source/sources.list" ] || skip "apt knows no Debian archive to take the source package '$name' from"
  local options=(
    "${apt_quiet[@]}" -o "Dir::Etc::sourcelist=$folder/source/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$folder/source/lists" -o "Dir::Cache=$folder/source/cache"
  )
  (
    cd "$target" && timeout 300 apt-get -qq "${options[@]}" update &&
      timeout 900 apt-get -qq "${options[@]}" --download-only source "$name"
  ) >"$folder/source/log" 2>&1 ||
    skip "the Debian source package '$name' cannot be downloaded: $(tail -n 1 "$folder/source/log")"
}

# Skips unless the file system of FOLDER has MEGABYTES free.
need_space() {
  local free
  free="$(df -Pm "$1" | awk 'NR == 2 { print $4 }')"
  [ "${free:-0}" -ge "$2" ] || skip "needs $2 MB free at $1, there are ${free:-0} MB"
}

# COUNT loopback ports nobody listens on now, one a line.
free_ports() {
  python3 - "$1" <<'PYTHON'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for each in sockets:
    each.bind(("127.0.0.1", 0))
for each in sockets:
    print(each.getsockname()[1])
PYTHON
}

# Starts a server in a session of its own, with no descriptor of the caller's, for at most the lifetime.
# Its process id goes to FOLDER/NAME.pid and its output to FOLDER/NAME.log.
launch() {
  local folder="$1" name="$2"
  shift 2
  setsid timeout -k 5 "$lifetime" "$@" </dev/null >"$folder/$name.log" 2>&1 9>&- &
  echo "$!" >"$folder/$name.pid"
}

# Waits until URL answers 200, the process of PIDFILE is gone, or SECONDS have passed. An empty CA means plain HTTP.
# Exit: 0 ready, 1 the process ended, 2 too late.
await_ready() {
  python3 - "$@" <<'PYTHON'
import os, ssl, sys, time, urllib.request
url, pidfile, seconds, authority = sys.argv[1:5]
pid = int(open(pidfile).read())
context = ssl.create_default_context(cafile=authority) if authority else None
handlers = [urllib.request.ProxyHandler({})]
if context:
    handlers.append(urllib.request.HTTPSHandler(context=context))
opener = urllib.request.build_opener(*handlers)
deadline = time.monotonic() + float(seconds)
while time.monotonic() < deadline:
    try:
        with opener.open(url, timeout=2) as answer:
            if answer.status == 200:
                sys.exit(0)
    except OSError:
        pass
    try:
        os.kill(pid, 0)
        ended = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        ended = True
    if ended:
        sys.exit(1)
    time.sleep(0.1)
sys.exit(2)
PYTHON
}

# Ends the process of FOLDER/NAME.pid if it is still the one started there: politely for two seconds, then not, as
# its state is thrown away.
halt() {
  local folder="$1" name="$2" pid step
  [ -r "$folder/$name.pid" ] || return 0
  pid="$(cat "$folder/$name.pid")"
  if tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$folder"; then
    kill "$pid" 2>/dev/null || true
    for ((step = 0; step < 20; step++)); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    # The server's session: `timeout` leads it, so a server that ignored its signal ends too.
    kill -KILL -- "-$pid" 2>/dev/null || true
  fi
  rm -f "$folder/$name.pid"
}
