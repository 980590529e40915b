# The summarizer with the embedded engine: an article in, a summary out, over HTTP.
#   docker build -f docker/summarizer.Dockerfile -t yoyak/summarizer .
ARG PYTHON_IMAGE=python:3.13-slim-trixie

# yoyak as a wheel; its version and its command come with it.
FROM ${PYTHON_IMAGE} AS wheel
WORKDIR /src
COPY requirements/build.txt requirements/
RUN python3 -m venv --without-pip /opt/build \
 && python3 -m pip --disable-pip-version-check --python /opt/build/bin/python install --quiet \
      --no-cache-dir --no-deps --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY crawler crawler
COPY services services
RUN /opt/build/bin/hatchling build -t wheel -d /wheels

# Its environment, with no pip in it. Compiled here: the container cannot write beside the files.
# Of xllamacpp's 102 MB 77 are symbols that nothing reads, of uvloop's 16 12.
FROM ${PYTHON_IMAGE} AS environment
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends binutils
COPY requirements/summarizer.txt /tmp/requirements.txt
RUN python3 -m venv --without-pip /opt/yoyak \
 && python3 -m pip --disable-pip-version-check --python /opt/yoyak/bin/python install --quiet \
      --no-cache-dir --no-compile --no-deps --require-hashes -r /tmp/requirements.txt \
 && find /opt/yoyak/lib/python3*/site-packages/* -name '*.so' -size +10M -exec strip --strip-unneeded {} + \
 && /opt/yoyak/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/yoyak/lib
COPY --from=wheel /wheels /tmp/wheels
RUN python3 -m pip --disable-pip-version-check --python /opt/yoyak/bin/python install --quiet \
      --no-cache-dir --no-compile --no-deps --no-index /tmp/wheels/*.whl \
 && /opt/yoyak/bin/python -m compileall -q --invalidation-mode unchecked-hash \
      /opt/yoyak/lib/python3*/site-packages/yoyak /opt/yoyak/lib/python3*/site-packages/summarizer

FROM ${PYTHON_IMAGE}
ARG REVISION=unknown
LABEL org.opencontainers.image.title="yoyak summarizer" \
      org.opencontainers.image.description="A news article in, a summary out, with the engine's own timings" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"
# llama.cpp's threads; the wheel expects it from the system.
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libgomp1 libstdc++6 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/*
COPY --from=environment /opt/yoyak /opt/yoyak
ENV PATH=/opt/yoyak/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 YOYAK_HOST=0.0.0.0 YOYAK_PORT=8080
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=15m --start-interval=1s --retries=3 \
  CMD ["python3", "-I", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
ENTRYPOINT ["python3", "-m", "summarizer"]
