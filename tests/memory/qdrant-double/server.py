"""
A stand-in for a Qdrant server: the paths of its published REST API that Holdfast calls, over Qdrant's own
engine (qdrant-edge), so that scores and filters are the engine's. One process, nothing kept.

    python server.py [--api-key KEY]      prints `ready PORT`
"""

import argparse
import json
import re
import shutil
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from urllib.parse import parse_qs, unquote, urlsplit

import qdrant_edge as edge
from translate import (
    Refused,
    take,
    to_config,
    to_field_index,
    to_filter,
    to_query_request,
    to_update,
    to_upsert,
)

# The server whose API this speaks.
API_VERSION = "1.19.0"


class Collection:
    def __init__(self, config):
        self.folder = tempfile.mkdtemp(prefix="qdrant-double-")
        self.shard = edge.EdgeShard.create(self.folder, to_config(config))
        self.vectors = {}

    def close(self):
        self.shard.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Double:
    """The server's state; calls come one after the other, as updates of a shard do."""

    def __init__(self):
        self.collections = {}
        self.lock = threading.Lock()
        self.routes = [
            ("GET", r"/", self.root),
            ("GET", r"/collections/([^/]+)/exists", self.exists),
            ("GET", r"/collections/([^/]+)", self.get),
            ("PUT", r"/collections/([^/]+)", self.create),
            ("DELETE", r"/collections/([^/]+)", self.delete),
            ("PUT", r"/collections/([^/]+)/index", self.create_index),
            ("PUT", r"/collections/([^/]+)/vectors/([^/]+)", self.create_vector),
            ("PUT", r"/collections/([^/]+)/points", self.upsert),
            ("POST", r"/collections/([^/]+)/points", self.retrieve),
            ("POST", r"/collections/([^/]+)/points/batch", self.batch),
            ("POST", r"/collections/([^/]+)/points/count", self.count),
            ("POST", r"/collections/([^/]+)/points/query", self.query),
            ("POST", r"/collections/([^/]+)/points/query/batch", self.query_batch),
        ]

    def answer(self, method, path, body):
        for wanted, pattern, handle in self.routes:
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                with self.lock:
                    return handle(*[unquote(part) for part in found.groups()], body)
        raise Refused(404, f"the double has no {method} {path}")

    def of(self, name):
        if name not in self.collections:
            raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")
        return self.collections[name]

    def root(self, _):
        return {"title": "qdrant double", "version": API_VERSION, "engine": version("qdrant-edge-py")}

    def exists(self, name, _):
        return {"exists": name in self.collections}

    def get(self, name, _):
        return {"config": {"params": {"vectors": self.of(name).vectors}}, "status": "green"}

    def create(self, name, body):
        if name in self.collections:
            raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
        self.collections[name] = Collection(body)
        return True

    def delete(self, name, _):
        found = self.collections.pop(name, None)
        if found is not None:
            found.close()
        return found is not None

    def create_index(self, name, body):
        self.of(name).shard.update(to_field_index(body))
        return UPDATED

    def create_vector(self, name, vector, body):
        size, distance = take(take(body, "dense")[0], "size", "distance")
        collection = self.of(name)
        kind = getattr(edge.Distance, distance)
        collection.shard.update(edge.UpdateOperation.create_dense_vector(vector, size, kind))
        collection.vectors[vector] = {"size": size, "distance": distance}
        return UPDATED

    def upsert(self, name, body):
        self.of(name).shard.update(to_upsert(body))
        return UPDATED

    def batch(self, name, body):
        for operation in take(body, "operations")[0]:
            self.of(name).shard.update(to_update(operation))
        return [UPDATED]

    def retrieve(self, name, body):
        ids, payload, _ = take(body, "ids", "with_payload", "with_vector")
        records = self.of(name).shard.retrieve(ids, payload, False)
        return [{"id": str(one.id), "payload": one.payload} for one in records]

    def count(self, name, body):
        where, exact = take(body, "filter", "exact")
        request = edge.CountRequest(exact=exact, filter=to_filter(where))
        return {"count": self.of(name).shard.count(request)}

    def query(self, name, body):
        points = self.of(name).shard.query(to_query_request(body))
        scored = [
            {"id": str(one.id), "version": 0, "score": one.score, "payload": one.payload}
            for one in points
        ]
        return {"points": scored}

    def query_batch(self, name, body):
        return [self.query(name, search) for search in take(body, "searches")[0]]


UPDATED = {"operation_id": 0, "status": "completed"}


def handler_of(double, api_key):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_any(self):
            length = int(self.headers.get("content-length") or 0)
            raw = self.rfile.read(length)
            target = urlsplit(self.path)
            try:
                if api_key is not None and self.headers.get("api-key") != api_key:
                    raise Refused(401, "Must provide an API key")
                check_parameters(self.command, target)
                result = double.answer(self.command, target.path, json.loads(raw or b"{}"))
                self.reply(200, {"result": result, "status": "ok", "time": 0} | extra(result))
            except Refused as refused:
                self.reply(refused.status, {"status": {"error": str(refused)}, "time": 0})
            except Exception as error:  # The engine's own refusals.
                self.reply(400, {"status": {"error": f"{type(error).__name__}: {error}"}, "time": 0})

        do_GET = do_PUT = do_POST = do_DELETE = handle_any

        def reply(self, status, body):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    return Handler


def extra(result):
    """The root's answer has no envelope."""
    return result if isinstance(result, dict) and "title" in result else {}


def check_parameters(method, target):
    """Changes wait until they can be read: a caller that forgets it is told."""
    known = parse_qs(target.query)
    unknown = set(known) - {"wait", "ordering", "timeout"}
    if unknown:
        raise Refused(400, f"unknown parameters: {sorted(unknown)}")
    is_change = re.search(r"/(points|index|points/batch|vectors/[^/]+)$", target.path)
    reads = method == "POST" and target.path.endswith("/points")
    if is_change and not reads and known.get("wait") != ["true"]:
        raise Refused(400, "a change does not wait")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--api-key")
    options = parser.parse_args()
    double = Double()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(double, options.api_key))
    server.daemon_threads = True
    print(f"ready {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
