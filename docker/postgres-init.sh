#!/bin/sh
# Runs once, on an empty data volume: Holdfast and Temporal each get a role without privileges and
# databases that the other cannot enter.
set -eu
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 \
  --set holdfast="$HOLDFAST_POSTGRES_PASSWORD" --set temporal="$TEMPORAL_POSTGRES_PASSWORD" <<'SQL'
create role holdfast login password :'holdfast';
create role temporal login password :'temporal';
create database holdfast owner holdfast;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
revoke connect on database holdfast, temporal, temporal_visibility from public;
SQL
