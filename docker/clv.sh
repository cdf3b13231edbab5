#!/bin/sh
# The command `clv` inside a container. Calls the image's entrypoint, which `docker compose exec` would skip.
exec python /opt/perennial/docker/entrypoint.py python -c 'from clv.cli import main; main()' "$@"
