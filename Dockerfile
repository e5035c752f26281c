# One image for server and balancer. What it runs as is the first argument (`server`, `balancer`); settings are JSON in
# NAWAAB_SETTINGS (fields: src/system/apps/process/settings.ts), with port 8080.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS parts
# Whose it is, so that the laboratory can remove what it has built and no longer needs. Empty: built by hand.
ARG CHECKOUT=
LABEL nawaab.checkout=${CHECKOUT}
WORKDIR /source
COPY . .
# The laboratory brings packages and web client along; a build by hand fetches and makes them.
RUN [ -d node_modules ] || npm ci --ignore-scripts --no-audit --no-fund
RUN [ -d dist/web ] || node scripts/build-web.ts
# A checkout has TypeScript, a published package what was made of it.
RUN node "$(ls src/sim/backends/containers/image-parts.ts dist/sim/backends/containers/image-parts.js 2>/dev/null | head -n 1)" . /app

FROM ${NODE_IMAGE}
ARG CHECKOUT=
LABEL nawaab.checkout=${CHECKOUT}
WORKDIR /app
COPY --from=parts /app /app
ENV NODE_ENV=production
USER node
EXPOSE 8080
# Without a Node process of its own, which every few seconds would take CPU from the one that is looked after.
HEALTHCHECK --interval=2s --timeout=2s --start-period=30s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /readyz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]"]
ENTRYPOINT ["node", "start.js"]
CMD ["server"]
