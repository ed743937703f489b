# One image for the API and for workers: `docker run IMAGE --only api` or `--only worker`.
#
# BASE is any glibc image with Node 20 or newer and npm. Node below 22.18 is replaced by the one
# from npm's optional packages. Debian's own `nodejs` is too old and needs no place in it;
# docker/make-base.sh makes a base without a registry of images.
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS build
ARG NPM_CONFIG_REGISTRY=
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY . .
RUN node docker/choose-node.mjs
ENV PATH=/app/bin:$PATH
# Bundling takes seconds at each start of a worker otherwise.
RUN node --disable-warning=ExperimentalWarning --input-type=module \
    -e "await (await import('/app/workers/workflow-bundle.ts')).workflowBundle('/var/lib/holdfast/cache')"

FROM ${BASE}
RUN groupadd --gid 10001 holdfast \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/holdfast \
    --shell /usr/sbin/nologin holdfast
COPY --from=build /app /app
COPY --from=build --chown=10001:10001 /var/lib/holdfast /var/lib/holdfast
WORKDIR /app
ENV NODE_ENV=production \
    PATH=/app/bin:$PATH \
    HOLDFAST_HOME=/var/lib/holdfast \
    HOLDFAST_HOST=0.0.0.0 \
    HOLDFAST_PORT=7400
USER 10001:10001
VOLUME /var/lib/holdfast
EXPOSE 7400
# Workers need `--health-cmd "node scripts/container-health.ts worker"`; compose sets it.
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 \
  CMD ["node", "--disable-warning=ExperimentalWarning", "scripts/container-health.ts", "api"]
ENTRYPOINT ["node", "--disable-warning=ExperimentalWarning", "--enable-source-maps", "start/main.ts"]
CMD ["--only", "api"]
