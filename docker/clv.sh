#!/bin/sh
# `clv` inside a container, also by `docker compose exec`, which does not pass through the image's entrypoint.
exec python /opt/perennial/docker/entrypoint.py python -c 'from clv.cli import main; main()' "$@"
