# Sourced by `run`: has containers run on this machine if that is possible at all, and says aloud when it is not. Sets
# NAWAAB_CONTAINERS=required when they do, so that container tests fail instead of being skipped.

engine_pid=

stop_engine() {
  [ -n "$engine_pid" ] || return 0
  kill "$engine_pid" 2>/dev/null || true
  wait "$engine_pid" 2>/dev/null || true
}

without_containers() {
  echo
  echo "=== CONTAINER TESTS WILL BE SKIPPED: $1"
  echo
}

engine_answers() { docker info >/dev/null 2>&1; }

install_engine() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  apt-get update -qq >/dev/null 2>&1 || true
  DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -qq -y --no-install-recommends \
    docker.io iptables debootstrap docker-compose >/dev/null 2>&1
}

start_engine() {
  engine_answers && return 0
  [ "$(id -u)" = 0 ] || return 1
  local log
  log=$(mktemp)
  for driver in overlay2 vfs; do
    dockerd --storage-driver "$driver" >"$log" 2>&1 &
    engine_pid=$!
    for _ in $(seq 60); do
      engine_answers && return 0
      kill -0 "$engine_pid" 2>/dev/null || break
      sleep 0.5
    done
    stop_engine
    engine_pid=
  done
  tail -n 5 "$log"
  return 1
}

# From a registry where one can be reached, otherwise made here.
fetch_base_images() {
  for image in node:24-bookworm-slim postgres:18; do
    docker image inspect "$image" >/dev/null 2>&1 || timeout 120 docker pull -q "$image" >/dev/null 2>&1 ||
      { scripts/offline-images.sh; return; }
  done
}

prepare_containers() {
  if ! engine_answers && ! command -v dockerd >/dev/null; then
    install_engine || { without_containers 'no container engine is installed, and only root with apt can install one here.'; return; }
  fi
  start_engine || { without_containers 'no container engine could be started; see above, or run as root.'; return; }
  command -v debootstrap >/dev/null || install_engine || true
  fetch_base_images || { without_containers 'the base images can neither be fetched nor made; see above.'; return; }
  export NAWAAB_CONTAINERS=required
}
