# The runner: benchmarks once, then serves the finished runs as metrics. Makes synthetic models too.
#   docker build -f docker/runner.Dockerfile -t yoyak/runner .
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
# tests/e2e/stack runs this image and weighs it. What is taken out again, for nothing here reads it:
# - vl-convert-python, 84 MB, once the chart library of the reports is made from it
# - mistral-common but for one tokenizer, 36 MB
# - scipy but for `special`, and the two files of `linalg` and the OpenBLAS that it is linked to, 60 MB
# - pygments' 500 languages, 7 MB: rich colours Python's tracebacks at most
# - the parts of Grafana's dashboard SDK for panels that ours do not have, 5 MB
# - Fortran's libraries that nothing left is linked to, 3 MB
# - tests, headers, types, a Fortran compiler's front, and symbols that only a debugger reads
FROM ${PYTHON_IMAGE} AS environment
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends binutils
# STORES=1: with what s3:// and sftp:// need, 60 MB.
ARG STORES=
COPY requirements/runner.txt requirements/stores.txt /tmp/
RUN python3 -m venv --without-pip /opt/yoyak \
 && python3 -m pip --disable-pip-version-check --python /opt/yoyak/bin/python install --quiet \
      --no-cache-dir --no-compile --no-deps --require-hashes -r /tmp/runner.txt ${STORES:+-r /tmp/stores.txt} \
 && cd /opt/yoyak/lib/python3*/site-packages \
 && find mistral_common -type f ! -path mistral_common/__init__.py ! -name tokenizer.model.v1 -delete \
 && : >mistral_common/__init__.py \
 && find numpy scipy -type d -name tests -prune -exec rm -r {} + \
 && rm -r numpy/f2py numpy/_core/include numpy/_core/_simd.*.so \
 && mkdir numpy/f2py && touch numpy/f2py/__init__.py \
 && cd scipy \
 && rm -r cluster datasets fft fftpack integrate interpolate io misc ndimage odr \
      optimize signal sparse spatial stats special/cython_special.* \
 && find linalg -type f ! -name 'cython_*.so' -delete && touch linalg/__init__.py \
 && cd .. \
 && find pygments/lexers -type f ! -name __init__.py ! -name _mapping.py ! -name python.py -delete \
 && find grafana_foundation_sdk/builders grafana_foundation_sdk/models -type f -regextype posix-extended \
      ! -regex '.*/(__init__|bargauge|common|dashboard|heatmap|prometheus|stat|table|tempo|timeseries)[.]py' -delete \
 && for turn in 1 2; do for file in scipy.libs/*; do \
      grep -rqs --include='*.so*' --exclude="${file##*/}" "${file##*/}" scipy scipy.libs || rm "$file"; done; done \
 && find . \( -name '*.pyi' -o -name '*.a' -o -name '*.pxd' \) -delete \
 && find . -name '*.so' -size +300k ! -path './*.libs/*' -exec strip --strip-unneeded {} + \
 && /opt/yoyak/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/yoyak/lib
COPY --from=wheel /wheels /tmp/wheels
RUN python3 -m pip --disable-pip-version-check --python /opt/yoyak/bin/python install --quiet \
      --no-cache-dir --no-compile --no-deps --no-index /tmp/wheels/*.whl \
 && /opt/yoyak/bin/python -m yoyak.report.chart_library \
 && rm -r /opt/yoyak/lib/python3*/site-packages/vl_convert* \
 && /opt/yoyak/bin/python -m compileall -q --invalidation-mode unchecked-hash \
      /opt/yoyak/lib/python3*/site-packages/yoyak \
 && /opt/yoyak/bin/python -I -c "import httptools, numpy.linalg, pydantic, scipy.special, uvloop; scipy.special.nctdtr(3, 1, 1)" \
 && /opt/yoyak/bin/python -I -c "from yoyak.telemetry.publishing import grafana, publish; publish.dashboards()"

FROM ${PYTHON_IMAGE}
ARG REVISION=unknown
LABEL org.opencontainers.image.title="yoyak runner" \
      org.opencontainers.image.description="Benchmarks a host once a configuration, and serves the finished runs as metrics" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"
# Makes the hub's certificate; python's images have it, with ca-certificates.
RUN openssl version
COPY --from=environment /opt/yoyak /opt/yoyak
ENV PATH=/opt/yoyak/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1
USER 1000:1000
EXPOSE 8081
HEALTHCHECK --interval=30s --timeout=5s --start-period=15m --start-interval=1s --retries=3 \
  CMD ["python3", "-I", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8081/healthz', timeout=4)"]
ENTRYPOINT ["python3", "-m"]
CMD ["yoyak.bench.stack.runner", "--host", "0.0.0.0"]
