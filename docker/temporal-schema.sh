#!/bin/sh
# Brings the schemas of Temporal's databases up to date; harmless when they are.
set -eu
tool() {
  temporal-sql-tool --plugin postgres12_pgx --endpoint postgres --port 5432 --user temporal "$@"
}
for pair in temporal:temporal temporal_visibility:visibility; do
  database=${pair%%:*}
  tool --database "$database" setup-schema --version 0.0
  tool --database "$database" update-schema --schema-name "postgresql/v12/${pair##*:}"
done
