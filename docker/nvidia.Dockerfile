# The summarizer for NVIDIA GPUs: llama.cpp built with CUDA in place of the wheel that it starts.
#   docker build -f docker/nvidia.Dockerfile -t yoyak/summarizer-nvidia .
# ENGINE=none leaves the CUDA compile out: every other stage builds without NVIDIA's images.
ARG CUDA_DEVEL_IMAGE=nvidia/cuda:12.9.1-devel-ubuntu24.04
ARG CUDA_RUNTIME_IMAGE=nvidia/cuda:12.9.1-runtime-ubuntu24.04
ARG ENGINE=cuda

# Python is the base's own, in every stage: the environment is made for it.
FROM ${CUDA_RUNTIME_IMAGE} AS python
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      ca-certificates python3 python3-pip python3-venv \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*

# yoyak as a wheel; its version and its command come with it.
FROM python AS wheel
WORKDIR /src
COPY requirements/build.txt requirements/
RUN python3 -m venv --without-pip /opt/build \
 && python3 -m pip --disable-pip-version-check --python /opt/build/bin/python install --quiet \
      --no-cache-dir --no-deps --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY crawler crawler
COPY services services
RUN /opt/build/bin/hatchling build -t wheel -d /wheels

# Its environment, with no pip in it, compiled here. The wheel of llama.cpp stays out: 102 MB.
FROM python AS environment
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends binutils
COPY requirements/summarizer.txt /tmp/requirements.txt
RUN python3 -m venv --without-pip /opt/yoyak \
 && python3 -m pip --disable-pip-version-check --python /opt/yoyak/bin/python install --quiet \
      --no-cache-dir --no-compile --no-deps --require-hashes -r /tmp/requirements.txt \
 && rm -r /opt/yoyak/lib/python3*/site-packages/xllamacpp* \
 && find /opt/yoyak/lib/python3*/site-packages/* -name '*.so' -size +10M -exec strip --strip-unneeded {} + \
 && /opt/yoyak/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/yoyak/lib
COPY --from=wheel /wheels /tmp/wheels
RUN python3 -m pip --disable-pip-version-check --python /opt/yoyak/bin/python install --quiet \
      --no-cache-dir --no-compile --no-deps --no-index /tmp/wheels/*.whl \
 && /opt/yoyak/bin/python -m compileall -q --invalidation-mode unchecked-hash \
      /opt/yoyak/lib/python3*/site-packages/yoyak /opt/yoyak/lib/python3*/site-packages/summarizer

# llama.cpp's source, its hash checked, and cmake's options: those of `yoyak engine build --cuda`, but
# for any GPU and any CPU, since an image is carried about.
FROM python AS source
COPY services/yoyak /src/yoyak
ARG CUDA_ARCHITECTURES=
WORKDIR /src
RUN python3 -c "from pathlib import Path; from yoyak.bench.native_build.source import fetched_sdist, unpack; unpack(fetched_sdist(Path('/tmp')), Path('/source'))" \
 && python3 -m yoyak.engines.native.recipe --cuda --portable \
      ${CUDA_ARCHITECTURES:+--cuda-architectures "$CUDA_ARCHITECTURES"} >/source.options

FROM ${CUDA_DEVEL_IMAGE} AS engine-cuda
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends cmake g++ ninja-build
COPY --from=source /source /source
COPY --from=source /source.options /
# The stubs stand for the driver, which comes with the host.
RUN LIBRARY_PATH=/usr/local/cuda/lib64/stubs xargs -a /source.options cmake -S /source -B /build -G Ninja \
      -DCMAKE_EXE_LINKER_FLAGS=-Wl,--allow-shlib-undefined \
 && cmake --build /build --target llama-server llama-bench \
 && mkdir -p /opt/llama \
 && cp -a /build/bin/llama-server /build/bin/llama-bench /opt/llama/ \
 && find /build/bin -name '*.so*' -exec cp -a {} /opt/llama/ \;

FROM python AS engine-none
RUN mkdir -p /opt/llama

FROM engine-${ENGINE} AS engine

FROM python
ARG REVISION=unknown
LABEL org.opencontainers.image.title="yoyak summarizer-nvidia" \
      org.opencontainers.image.description="A news article in, a summary out, on NVIDIA GPUs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libgomp1 libstdc++6 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*
COPY --from=environment /opt/yoyak /opt/yoyak
COPY --from=engine /opt/llama /opt/llama
# The driver's programs and NVML come from the host, as NVIDIA's container toolkit is told here.
ENV PATH=/opt/yoyak/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1 YOYAK_HOST=0.0.0.0 YOYAK_PORT=8080 \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=15m --start-interval=1s --retries=3 \
  CMD ["python3", "-I", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
ENTRYPOINT ["python3", "-m", "summarizer"]
