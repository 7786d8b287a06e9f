#!/usr/bin/env bash
# Builds the images and tries them: versions, a clean `doctor` in each, and two calls from caller to agent.
#
# Where a Docker engine runs it is used. Elsewhere buildah builds the same Dockerfile on a base image that mmdebstrap makes, and
# runs the programs in a chroot. Either way they share a network of their own that reaches nothing but themselves.
set -eu -o pipefail
cd "$(dirname "$0")/.."

NAME=quietline
BASE=docker.io/library/debian:forky-slim
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/quietline/images
VAR=/opt/quietline/var
CALL=(load uac-press-1-agent-answers --calls 2 --rate 1)
FILES=nofile=$(ulimit -Hn):$(ulimit -Hn)
PATIENCE=60

step() { printf '\n== %s\n' "$*"; }
fail() { printf 'docker-check: %s\n' "$*" >&2; exit 1; }

# With a Docker engine: one container after the other joins the first one's network, which has only a loopback address.

docker_prepare() { state=$NAME-check-$$; docker volume create "$state" >/dev/null; }
docker_build() { docker build --quiet --file docker/Dockerfile --target "$1" --tag "$NAME-$1" .; }
docker_run() { docker run --rm --entrypoint "" "${net[@]}" --ulimit "$FILES" --volume "$state:$VAR" "$NAME-$1" "${@:2}"; }
docker_start() {
  docker run --detach --init --name "$state-$1" "${net[@]}" --ulimit "$FILES" --volume "$state:$VAR" "$NAME-$1" "${@:2}" >/dev/null
  net=(--network "container:$state-asterisk")
}
docker_logs() { docker logs "$state-$1" 2>&1; }
docker_end() {
  docker rm --force "$state-engine" "$state-asterisk" >/dev/null 2>&1 || true
  docker volume rm "$state" >/dev/null 2>&1 || true
}

# Without one: a working container for each image, run in a network namespace made for the occasion.

buildah_() { "${within[@]}" buildah --root "$CACHE/storage" --runroot "$CACHE/run" "$@"; }
buildah_prepare() {
  need_tools
  mkdir -p "$CACHE"
  buildah_ inspect --type image "$BASE" >/dev/null 2>&1 || make_base
  network=$NAME-check-$$
  { ip netns add "$network" && ip -n "$network" link set lo up; } \
    || fail "no Docker engine runs here, and no network namespace can be made: start Docker, or run this on a machine of your own"
  state=$(mktemp -d) && chmod 755 "$state" && mkdir "$state/var" && chown 1000:1000 "$state/var"
}
buildah_build() {
  buildah_ bud --quiet --layers --isolation chroot --network host --pull-never --format docker \
    --volume /etc/ssl/certs:/run/certs:ro --build-arg PIP_CERT=/run/certs/ca-certificates.crt \
    --file docker/Dockerfile --ignorefile docker/Dockerfile.dockerignore --target "$1" --tag "$NAME-$1" . >"$state/build.log" 2>&1 \
    || { tail -n 30 "$state/build.log" >&2; fail "the image $1 cannot be built"; }
  buildah_ from --pull-never --ulimit "$FILES" "localhost/$NAME-$1" >"$state/$1"
}
buildah_run() {
  local within=(ip netns exec "$network")
  buildah_ run --isolation chroot --network host --hostname localhost --volume "$state/var:$VAR" "$(cat "$state/$1")" -- "${@:2}"
}
buildah_start() {
  buildah_run "$@" >"$state/$1.log" 2>&1 </dev/null &
  started+=($!)
}
buildah_logs() { cat "$state/$1.log"; }
buildah_end() {
  [ ! -e "$state/engine" ] || buildah_run engine quietline down || true
  [ ${#started[@]} = 0 ] || wait "${started[@]}" || true
  ip netns delete "$network"
  for image in engine asterisk sipp; do
    [ ! -s "$state/$image" ] || buildah_ rm "$(cat "$state/$image")" >/dev/null || true
  done
  buildah_ rmi --prune >/dev/null 2>&1 || true
  rm -rf "$state"
}

need_tools() {
  local missing=()
  for tool in buildah mmdebstrap ip; do command -v "$tool" >/dev/null || missing+=("${tool/#ip/iproute2}"); done
  [ "$(id -u)" = 0 ] || fail "no Docker engine runs here, and buildah's chroot needs root: start Docker, or run this as root"
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null || fail "no Docker engine runs here: start one, or install ${missing[*]}"
  step "installing ${missing[*]}"
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null \
    || { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; } \
    || fail "no Docker engine runs here, and ${missing[*]} cannot be installed: start Docker, or install them"
}

# The base image as Debian's own: a minimal system in which package scripts start no services.
make_base() {
  step "making the base image $BASE (a minute)"
  local work container
  work=$(mktemp -d)
  mmdebstrap --quiet --variant=minbase --components=main \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' \
    --customize-hook='printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d" && chmod 755 "$1/usr/sbin/policy-rc.d"' \
    forky "$work/base.tar" </dev/null || fail "the base image cannot be made: check the network and run this again"
  container=$(buildah_ from scratch)
  buildah_ add --quiet "$container" "$work/base.tar" / >/dev/null
  buildah_ config --cmd bash "$container"
  buildah_ commit --quiet --rm "$container" "$BASE" >/dev/null
  rm -rf "$work"
}

until_true() {
  local until=$((SECONDS + PATIENCE)) what=$1 who=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $until ]; then "${how}_logs" "$who" >&2; fail "$what"; fi
    sleep 0.5
  done
}

if docker info >/dev/null 2>&1; then how=docker; else how=buildah; fi
within=()
started=()
state=
net=(--network none --hostname localhost)
began=$SECONDS
trap '[ -z "$state" ] || "${how}_end"' EXIT
"${how}_prepare"

for image in engine asterisk sipp; do
  step "building $NAME-$image with $how"
  "${how}_build" "$image"
done

step "versions"
"${how}_run" asterisk asterisk -V
"${how}_run" engine python -c 'from importlib.metadata import version; print("Quietline", version("quietline"))'
"${how}_run" sipp sipp -v 2>/dev/null | grep -o 'SIPp v[^ ]*' || true  # its exit status is 99

step "Asterisk starts, as $("${how}_run" asterisk id -un)"
"${how}_start" asterisk python docker/asterisk.py --public-address=
until_true "Asterisk does not start" asterisk \
  "${how}_run" asterisk asterisk -C "$VAR/asterisk/etc/asterisk.conf" -rx "core waitfullybooted"
"${how}_run" asterisk quietline doctor

step "the engine starts, as $("${how}_run" engine id -un)"
"${how}_start" engine quietline run
until_true "the engine does not take calls" engine "${how}_run" engine python -c \
  "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"
"${how}_run" engine quietline doctor
"${how}_run" engine quietline publish

step "two calls from the third image reach an agent"
"${how}_run" sipp quietline "${CALL[@]}"

step "all good after $((SECONDS - began)) s"
