#!/bin/bash
# Installs Watchpost as a service, upgrades it, takes an upgrade back, and removes it. `install.sh --help` says how;
# docs/install.md says more. Versions lie side by side under /opt/watchpost/releases, `current` names the one that runs.
# A new version that doesn't work here never takes the old one's place; one that doesn't come up gives it back.
set -euo pipefail

usage() {
  cat <<'END'
install.sh [install] [RELEASE]   install RELEASE (an archive or its folder; without it the one in which this script
                                 lies), or upgrade to it
install.sh rollback              back to the version before the last upgrade
install.sh uninstall [--purge]   remove it; with --purge also recordings, database and configuration

  --node FILE      use this Node: a program, or an archive from nodejs.org
  --wait SECONDS   how long a new version may take to come up (default: 180)
  --no-start       put everything in place, start nothing
  --root DIR       into the system under DIR, for making images: no packages, no user, nothing is started
  --dry-run        say what would be done
END
}

dry_run=false start=true purge=false root='' node_from='' wait_s=180
readonly OLDEST_NODE=20.19
service=watchpost.service

say() { printf 'watchpost: %s\n' "$*"; }
fail() {
  printf 'watchpost: %s\n' "$*" >&2
  exit 1
}
act() {
  if $dry_run; then say "would run: $*"; else "$@"; fi
}

main() {
  local command=install source=''
  while [ $# -gt 0 ]; do
    case $1 in
    install | rollback | uninstall) command=$1 ;;
    --node) node_from=${2:?--node: which file?} && shift ;;
    --wait) wait_s=${2:?--wait: how many seconds?} && shift ;;
    --root) root=$(realpath -e -- "${2:?--root: which folder?}") && shift ;;
    --no-start) start=false ;;
    --dry-run) dry_run=true ;;
    --purge) purge=true ;;
    -h | --help) usage && exit 0 ;;
    -*) fail "unknown option $1; --help says what there is" ;;
    *) source=$1 ;;
    esac
    shift
  done
  set_paths
  $dry_run || [ -n "$root" ] || [ "$(id -u)" = 0 ] || fail "only root can do this: run it with sudo"
  $dry_run || lock
  case $command in
  install) install_release "$source" ;;
  rollback) rollback ;;
  uninstall) uninstall ;;
  esac
}

lock() {
  mkdir -p "$opt"
  exec 9>"$opt/.lock"
  flock -n 9 || fail "another install.sh is at work"
}

set_paths() {
  [ "$root" != / ] || root=''
  opt=$root/opt/watchpost
  etc=$root/etc/watchpost
  state=$root/var/lib/watchpost
  units=$root/etc/systemd/system
  program=$root/usr/local/bin/watchpost
  has_systemd=false
  if [ -z "$root" ] && [ -d /run/systemd/system ]; then has_systemd=true; fi
}

install_release() {
  local source=$1 id previous
  [ -n "$source" ] || source=$(dirname -- "$(dirname -- "$(realpath -- "$0")")")
  read_facts "$source"
  id=$(fact id)
  previous=$(current_id)
  check_system
  [ -n "$root" ] || { install_packages && make_user; }
  place_release "$source" "$id"
  $dry_run && say "would try $id, make it the current version instead of ${previous:-none}, and start it" && return
  try_release "$opt/releases/$id"
  write_config
  first_key=''
  [ -n "$root" ] || [ -n "$previous" ] || [ -e "$state/watchpost.db" ] || first_key=$(as_service "$id" token create --label 'first key')
  if [ "$id" != "$previous" ]; then
    upgrade "$id" "$previous"
  else
    put_in_place "$id"
    bring_up || fail "$id, which was installed already, doesn't come up; $(why)"
  fi
  tell "$id" "$previous"
}

# Stops the old version only when all that can be known of the new one is good.
upgrade() {
  local id=$1 previous=$2
  stop_service
  touch "$opt/.switched"
  put_in_place "$id"
  if ! bring_up; then
    local reason
    reason=$(why)
    [ -n "$previous" ] || fail "$id is installed but doesn't come up; $reason"
    say "$id doesn't come up; going back to $previous"
    stop_service
    go_back "$id" "$previous" "$opt/.switched" || fail "and $previous doesn't come up any more either; $(why)"
    rm -rf -- "$opt/releases/$id"
    fail "$previous runs again, with all its data; $id did not come up; $reason"
  fi
  [ -z "$previous" ] || point "$opt/previous" "releases/$previous"
  prune "$id" "$previous"
}

# What the release says of itself: lines NAME=VALUE.
read_facts() {
  local source=$1
  if [ -f "$source" ]; then
    facts=$(tar -xzOf "$source" --wildcards '*/release' 2>/dev/null | head -c 4096) || true
  else
    facts=$(cat -- "$source/release" 2>/dev/null) || true
  fi
  [ -n "$(fact id)" ] || fail "$source is no release of Watchpost: \`npm run release\` makes one"
  case $(fact id) in *[!A-Za-z0-9.+-]*) fail "$source: a release with an impossible name" ;; esac
}

fact() { sed -n "s/^$1=//p" <<<"${2:-$facts}"; }

current_id() {
  local link
  link=$(readlink -- "$opt/${1:-current}" 2>/dev/null) || return 0
  printf '%s' "${link#releases/}"
}

check_system() {
  local machine have need
  case $(uname -m) in
  x86_64) machine=linux-x64 ;;
  aarch64 | arm64) machine=linux-arm64 ;;
  *) machine=$(uname -m) ;;
  esac
  [ "$machine" = "$(fact system)" ] || fail "this release is for $(fact system), this machine is $machine"
  if [ -z "$root" ]; then
    # shellcheck disable=SC1091
    have=$(. /etc/os-release && printf '%s %s' "$ID" "${VERSION_ID:-}")
    case $have in
    'debian 12' | 'debian 13' | 'raspbian 12' | 'raspbian 13' | 'ubuntu 22.04' | 'ubuntu 24.04') ;;
    *) say "note: $have is not among the systems it was made for (Debian 12 and 13, Raspberry Pi OS, Ubuntu 22.04 and 24.04)" ;;
    esac
  fi
  need=600
  have=$({ df -Pm -- "$opt" 2>/dev/null || df -Pm -- "${root:-/}"; } | awk 'NR == 2 { print $4 }')
  [ "$have" -ge "$need" ] || fail "$have MB are free for $opt, $need are needed: make room first"
}

install_packages() {
  local missing=()
  command -v ffmpeg >/dev/null || missing+=(ffmpeg fonts-dejavu-core)
  [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  with_apt "${missing[@]}"
}

with_apt() {
  command -v apt-get >/dev/null || fail "no apt-get here: install what Debian calls $*, then try again"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300) said
  if $dry_run; then return; fi
  "${apt[@]}" update >/dev/null 2>&1 || true
  said=$("${apt[@]}" install --no-install-recommends "$@" 2>&1) ||
    fail "apt-get could not install $*: is there a network? $(tail -n 3 <<<"$said")"
}

make_user() {
  getent passwd watchpost >/dev/null && return
  say "making the user watchpost"
  act useradd --system --user-group --home-dir /var/lib/watchpost --no-create-home --shell /usr/sbin/nologin watchpost
}

# Under its name only when it is complete.
place_release() {
  local source=$1 id=$2
  local target=$opt/releases/$id new=$opt/releases/.new
  [ ! -d "$target" ] || return 0
  say "unpacking $id"
  if $dry_run; then return; fi
  rm -rf -- "$new"
  mkdir -p -- "$new"
  chmod 755 "$opt" "$opt/releases" "$new"
  if [ -f "$source" ]; then
    tar -xzf "$source" -C "$new" --strip-components=1 --no-same-owner || fail "$source can't be unpacked: fetch it again"
  else
    cp -R -- "$source/." "$new/"
  fi
  chmod -R u+rwX,go+rX,go-w "$new"
  provide_node "$new"
  [ -n "$root" ] || sync -f "$new"
  mv -T -- "$new" "$target"
}

# The release's own Node, unless another is wanted; it must be the one that its modules were made for.
provide_node() {
  local new=$1 node=$1/node/bin/node abi
  if [ -n "$node_from" ]; then
    rm -rf -- "$new/node"
    mkdir -p -- "$new/node/bin"
    case $node_from in
    *.tar.*) tar -xf "$node_from" -C "$new/node" --strip-components=1 --no-same-owner --wildcards '*/bin/node' '*/LICENSE' ||
      fail "$node_from is no archive of Node from nodejs.org" ;;
    *) ln -s -- "$(realpath -e -- "$node_from")" "$node" ;;
    esac
  elif [ ! -e "$node" ]; then
    node_is_new_enough "$(node --version 2>/dev/null || true)" || node_from_apt
    mkdir -p -- "$new/node/bin"
    ln -s -- "$(command -v node)" "$node"
  fi
  abi=$("$node" -p process.versions.modules 2>&1) || fail "this Node does not run here: $abi"
  [ "$abi" = "$(fact node_abi)" ] ||
    fail "this release needs Node $(fact node | cut -d. -f1), not $("$node" --version): give one with --node"
}

node_is_new_enough() {
  local version=${1#v}
  [ -n "$version" ] && [ "$(printf '%s\n' "$OLDEST_NODE" "$version" | sort -V | head -n 1)" = "$OLDEST_NODE" ]
}

node_from_apt() {
  local candidate
  candidate=$(apt-cache policy nodejs 2>/dev/null | sed -n 's/^ *Candidate: \(.*:\)\?//p')
  node_is_new_enough "${candidate%%[-~+]*}" ||
    fail "there is no Node ≥ $OLDEST_NODE here, nor for this system by apt: take a release with its own, or give one with --node"
  say "installing nodejs"
  with_apt nodejs
}

# What can be known before the old version stops: its modules load here, and it accepts the configuration.
try_release() {
  local release=$1 said
  local load='for (const name of ["better-sqlite3", "onnxruntime-node", "sharp"])
    try { require(name) } catch ({ message }) { console.log(name + " does not load: " + message); process.exit(1) }'
  said=$(cd "$release" && node/bin/node -e "$load" 2>&1) ||
    refuse "$release" "nothing was changed; was the release made on a newer system? $said"
  [ -e "$etc/watchpost.yaml" ] || return 0
  [ -z "$root" ] || return 0
  said=$(as_service "$(basename "$release")" config check "$etc/watchpost.yaml" 2>&1) ||
    refuse "$release" "nothing was changed: the new version refuses the configuration: $said"
}

refuse() {
  [ "$(current_id)" = "${1##*/}" ] || rm -rf -- "$1"
  fail "$2"
}

# The command line of a release, as the service's user.
as_service() {
  local release=$opt/releases/$1
  shift
  install -d -o watchpost -g watchpost -m 0700 "$state"
  WATCHPOST_RELEASE=$release sh "$release/systemd/watchpost" "$@"
}

write_config() {
  mkdir -p -- "$etc"
  [ ! -e "$etc/watchpost.yaml" ] || return 0
  cat >"$etc/watchpost.yaml" <<'END'
# yaml-language-server: $schema=/opt/watchpost/current/config/watchpost.schema.json
#
# All keys are explained in /opt/watchpost/current/config/watchpost.example.yaml. After a change:
#   sudo watchpost config check /etc/watchpost/watchpost.yaml && sudo systemctl restart watchpost
# Cameras may be added here, or on the page. ${NAME} stands for what NAME= in /etc/watchpost/environment says.

#cameras:
#  - name: yard
#    url: rtsp://viewer:${CAMERA_PASSWORD}@192.168.1.20:554/stream1
END
  [ -e "$etc/environment" ] || : >"$etc/environment"
  chmod 600 "$etc/environment"
  chmod 640 "$etc/watchpost.yaml"
  [ -n "$root" ] || chgrp watchpost "$etc/watchpost.yaml"
}

put_in_place() {
  local release=$opt/releases/$1
  point "$opt/current" "releases/$1" &&
    install -D -m 0644 -- "$release/systemd/$service" "$units/$service" &&
    install -D -m 0755 -- "$release/systemd/watchpost" "$program" &&
    mkdir -p -- "$units/multi-user.target.wants" &&
    ln -sfn "/etc/systemd/system/$service" "$units/multi-user.target.wants/$service" &&
    { ! $has_systemd || systemctl daemon-reload; }
}

# A link is never absent.
point() {
  ln -sfn -- "$2" "$1.new" && mv -T -- "$1.new" "$1"
}

stop_service() {
  if $has_systemd; then systemctl stop "$service" 2>/dev/null || true; fi
}

# Whether it serves, and still does so a while later without having been begun anew.
bring_up() {
  $has_systemd && $start || return 0
  systemctl reset-failed "$service" 2>/dev/null || true
  systemctl start --no-block "$service"
  local until=$((SECONDS + wait_s)) steady=0
  while [ $SECONDS -lt $until ]; do
    sleep 1
    [ "$(property NRestarts)" -lt 3 ] || return 1
    if [ "$(property ActiveState)" = active ] && page=$("$program" health 2>/dev/null); then steady=$((steady + 1)); else steady=0; fi
    if [ $steady -ge 5 ]; then return 0; fi
  done
  return 1
}

property() { systemctl show --property "$1" --value "$service"; }

why() {
  $has_systemd || return 0
  printf 'its last words:\n'
  journalctl --unit "$service" --lines 5 --output cat --no-pager 2>/dev/null || true
}

rollback() {
  local id previous
  id=$(current_id)
  previous=$(current_id previous)
  [ -n "$id" ] || fail "nothing is installed"
  if [ "${previous:-$id}" = "$id" ] || [ ! -d "$opt/releases/$previous" ]; then
    fail "there is no version before $id here"
  fi
  $dry_run && say "would go back from $id to $previous" && return
  stop_service
  go_back "$id" "$previous" '' || fail "$previous doesn't come up; $(why)"
  point "$opt/previous" "releases/$id"
  say "$previous runs again instead of $id"
}

# The older version with a database that it knows: a newer one's is set aside, and the copy from before it taken, if the
# newer version came so far (where `since` is given: if the copy is younger than that file).
go_back() {
  local id=$1 previous=$2 since=$3 had has copy
  has=$(fact schema "$(cat "$opt/releases/$id/release")")
  had=$(fact schema "$(cat "$opt/releases/$previous/release")")
  copy=$state/backups/of-schema-$had.db
  if [ -z "$root" ] && [ "$has" -gt "$had" ] && [ -e "$state/watchpost.db" ]; then
    if [ -e "$copy" ] && { [ -z "$since" ] || [ "$copy" -nt "$since" ]; }; then
      say "taking the database from before the upgrade; recordings stay"
      as_service "$previous" restore "$copy" || return 1
    elif [ -z "$since" ]; then
      fail "$previous can't read the database of $id, and there is no copy from before the upgrade"
    fi
  fi
  put_in_place "$previous" && bring_up
}

prune() {
  local release
  for release in "$opt"/releases/*; do
    case ${release##*/} in "$1" | "$2") ;; *) rm -rf -- "$release" ;; esac
  done
}

uninstall() {
  if $has_systemd; then act systemctl disable --now "$service" 2>/dev/null || true; fi
  act rm -rf -- "$units/$service" "$units/multi-user.target.wants/$service" "$program" "$opt"
  if $has_systemd; then act systemctl daemon-reload; fi
  if $purge; then
    act rm -rf -- "$state" "$etc" "$units/$service.d"
    if [ -z "$root" ] && getent passwd watchpost >/dev/null; then act userdel watchpost; fi
    say "removed, with its recordings, database and configuration"
  else
    say "removed; $state and $etc stay (--purge removes them, too)"
  fi
}

tell() {
  case $2 in
  '') say "$1 is installed" ;;
  "$1") say "$1 was installed already" ;;
  *) say "$1 is installed instead of $2; back: $opt/current/systemd/install.sh rollback" ;;
  esac
  if $has_systemd && $start; then
    [ -z "$first_key" ] || page=$("$program" token code <<<"$first_key" 2>/dev/null) || page="${page%% *}/#key=$first_key"
    say "page: ${page% works}"
  else
    say "nothing was started; what the service runs: $(sed -n 's/^ExecStart=//p' "$units/$service")"
  fi
  [ -z "$first_key" ] || say "API key (shown this once; \`sudo watchpost token create\` makes more): $first_key"
}

main "$@"
exit
