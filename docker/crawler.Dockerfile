# The crawler: a keyword in, a dataset out.
#   docker build -f docker/crawler.Dockerfile -t yoyak/crawler .
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
# What is taken out again, for nothing here reads it: tests, 25 MB; symbols that only a debugger
# reads, 20 MB; of babel's 1,100 locales, by which a library knows languages in addresses, those of
# the languages that we crawl stay, 30 MB; pygments' 500 languages, 7 MB.
FROM ${PYTHON_IMAGE} AS environment
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends binutils
COPY requirements/crawler.txt /tmp/requirements.txt
RUN python3 -m venv --without-pip /opt/yoyak \
 && python3 -m pip --disable-pip-version-check --python /opt/yoyak/bin/python install --quiet \
      --no-cache-dir --no-compile --no-deps --require-hashes -r /tmp/requirements.txt \
 && cd /opt/yoyak/lib/python3*/site-packages \
 && find . -type d \( -name tests -o -path './twisted/*/test' -o -path ./twisted/test \) -prune -exec rm -r {} + \
 && find babel/locale-data -name '*.dat' ! -name root.dat ! -name 'ko*' ! -name 'en*' ! -name 'ja*' ! -name 'zh*' -delete \
 && find pygments/lexers -type f ! -name __init__.py ! -name _mapping.py ! -name python.py -delete \
 && find . -name '*.so' -size +300k -exec strip --strip-unneeded {} + \
 && /opt/yoyak/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/yoyak/lib
COPY --from=wheel /wheels /tmp/wheels
RUN python3 -m pip --disable-pip-version-check --python /opt/yoyak/bin/python install --quiet \
      --no-cache-dir --no-compile --no-deps --no-index /tmp/wheels/*.whl \
 && /opt/yoyak/bin/python -m compileall -q --invalidation-mode unchecked-hash \
      /opt/yoyak/lib/python3*/site-packages/yoyak /opt/yoyak/lib/python3*/site-packages/newscrawl \
 && /opt/yoyak/bin/python -I -c "import newscrawl.run, rensa, resiliparse, scrapy.crawler, trafilatura, uvloop"

FROM ${PYTHON_IMAGE}
ARG REVISION=unknown
LABEL org.opencontainers.image.title="yoyak crawler" \
      org.opencontainers.image.description="News pages into a dataset" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=environment /opt/yoyak /opt/yoyak
ENV PATH=/opt/yoyak/bin:$PATH HOME=/tmp PYTHONUNBUFFERED=1
USER 1000:1000
# It ends by itself, and its exit code tells how: there is nothing to ask about its health.
HEALTHCHECK NONE
ENTRYPOINT ["python3", "-m"]
CMD ["newscrawl", "--help"]
