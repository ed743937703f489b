"""Requests of Qdrant's published REST API as objects of its engine. What is not known here is refused."""

import qdrant_edge as edge


class Refused(Exception):
    """A request that the double does not understand, or that Qdrant refuses."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


def take(given, *names):
    """The values of the names; any other name is a mistake of the caller's."""
    unknown = set(given) - set(names)
    if unknown:
        raise Refused(400, f"unknown fields: {sorted(unknown)}")
    return [given.get(name) for name in names]


def to_filter(given):
    if given is None:
        return None
    must, should, must_not = take(given, "must", "should", "must_not")
    conditions = lambda listed: None if listed is None else [to_condition(one) for one in listed]
    return edge.Filter(
        must=conditions(must), should=conditions(should), must_not=conditions(must_not)
    )


def to_condition(given):
    if "key" in given:
        key, match, span = take(given, "key", "match", "range")
        if match is not None:
            return edge.FieldCondition(key, match=to_match(match))
        return edge.FieldCondition(key, range=edge.RangeFloat(**span))
    if "has_id" in given:
        return edge.HasIdCondition(set(take(given, "has_id")[0]))
    if "has_vector" in given:
        return edge.HasVectorCondition(take(given, "has_vector")[0])
    return to_filter(given)


def to_match(given):
    value, any_of = take(given, "value", "any")
    if isinstance(value, bool):
        raise Refused(400, "the engine's binding takes truth for a number")
    return edge.MatchValue(value) if any_of is None else edge.MatchAny(any_of)


def to_vector(given):
    if isinstance(given, dict):
        indices, values = take(given, "indices", "values")
        if len(set(indices)) != len(indices):
            raise Refused(422, "indices must be unique")
        return edge.SparseVector(indices, [float(value) for value in values])
    return [float(value) for value in given]


def to_point(given):
    point_id, vector, payload = take(given, "id", "vector", "payload")
    vectors = {name: to_vector(value) for name, value in vector.items()}
    return edge.Point(point_id, vectors, payload)


def to_params(given):
    if given is None:
        return None
    quantization, idf = take(given, "quantization", "idf")
    if quantization is not None:
        ignore, rescore, oversampling = take(quantization, "ignore", "rescore", "oversampling")
        quantization = edge.QuantizationSearchParams(
            ignore=ignore or False, rescore=rescore, oversampling=oversampling
        )
    if idf is not None:
        idf = edge.IdfParams(corpus=to_filter(take(idf, "corpus")[0]))
    return edge.SearchParams(quantization=quantization, idf=idf)


def to_query(given, using):
    if given is None:
        return None
    if isinstance(given, dict) and "rrf" in given:
        k, weights = take(take(given, "rrf")[0], "k", "weights")
        return edge.Fusion.Rrf(k=k, weights=weights)
    if isinstance(given, dict) and "formula" in given:
        formula, defaults = take(given, "formula", "defaults")
        return edge.Formula(to_expression(formula), defaults or {})
    return edge.Query.Nearest(to_vector(given), using=using)


def to_expression(given):
    make = edge.Expression
    if isinstance(given, str):
        return make.Variable(given)
    if not isinstance(given, dict):
        return make.Constant(float(given))
    ((name, value),) = given.items()
    if name in ("sum", "mult"):
        return getattr(make, name.capitalize())([to_expression(one) for one in value])
    if name in ("neg", "abs", "exp"):
        return getattr(make, name.capitalize())(to_expression(value))
    if name == "div":
        left, right, by_zero = take(value, "left", "right", "by_zero_default")
        return make.Div(to_expression(left), to_expression(right), by_zero)
    if name == "datetime":
        return make.Datetime(value)
    if name == "datetime_key":
        return make.DatetimeKey(value)
    raise Refused(400, f"unknown expression: {name}")


def to_prefetches(given):
    if given is None:
        return []
    return [to_prefetch(one) for one in (given if isinstance(given, list) else [given])]


def to_prefetch(given):
    prefetch, query, using, where, params, threshold, limit = take(
        given, "prefetch", "query", "using", "filter", "params", "score_threshold", "limit"
    )
    return edge.Prefetch(
        limit=10 if limit is None else limit,
        query=to_query(query, using),
        prefetches=to_prefetches(prefetch),
        params=to_params(params),
        filter=to_filter(where),
        score_threshold=threshold,
    )


def to_query_request(given):
    prefetch, query, using, where, params, threshold, limit, payload = take(
        given,
        "prefetch",
        "query",
        "using",
        "filter",
        "params",
        "score_threshold",
        "limit",
        "with_payload",
    )
    return edge.QueryRequest(
        limit=10 if limit is None else limit,
        query=to_query(query, using),
        prefetches=to_prefetches(prefetch),
        with_payload=payload or False,
        with_vector=False,
        filter=to_filter(where),
        score_threshold=threshold,
        params=to_params(params),
    )


def to_update(given):
    """One operation of a batch."""
    make = edge.UpdateOperation
    upsert, delete, overwrite = take(given, "upsert", "delete", "overwrite_payload")
    if upsert is not None:
        return to_upsert(upsert)
    if delete is not None:
        points, where = take(delete, "points", "filter")
        if points is not None:
            return make.delete_points(points)
        return make.delete_points_by_filter(to_filter(where))
    payload, where = take(overwrite, "payload", "filter")
    return make.overwrite_payload_by_filter(to_filter(where), payload)


def to_upsert(given):
    points, update_filter, mode = take(given, "points", "update_filter", "update_mode")
    modes = {
        None: None,
        "upsert": edge.UpdateMode.Upsert,
        "insert_only": edge.UpdateMode.InsertOnly,
        "update_only": edge.UpdateMode.UpdateOnly,
    }
    return edge.UpdateOperation.upsert_points(
        [to_point(point) for point in points],
        condition=to_filter(update_filter),
        update_mode=modes[mode],
    )


def to_config(given):
    vectors, sparse, hnsw, quantization = take(
        given, "vectors", "sparse_vectors", "hnsw_config", "quantization_config"
    )
    m, payload_m = take(hnsw, "m", "payload_m")
    kind, quantile, always_ram = take(quantization["scalar"], "type", "quantile", "always_ram")
    if vectors != {} or kind != "int8":
        raise Refused(400, "the double makes collections of one kind alone")
    return edge.EdgeConfig(
        vectors={},
        sparse_vectors={
            name: edge.EdgeSparseVectorParams(modifier=to_modifier(take(one, "modifier")[0]))
            for name, one in sparse.items()
        },
        hnsw_config=edge.HnswIndexConfig(
            m=m, payload_m=payload_m, ef_construct=100, full_scan_threshold=10_000
        ),
        quantization_config=edge.ScalarQuantizationConfig(
            type=edge.ScalarType.Int8, quantile=quantile, always_ram=always_ram
        ),
    )


def to_modifier(name):
    return edge.Modifier.Idf if name == "idf" else None


def to_field_index(given):
    name, schema = take(given, "field_name", "field_schema")
    kind, is_tenant = ("keyword", False) if schema == "keyword" else take(schema, "type", "is_tenant")
    if kind != "keyword":
        raise Refused(400, f"unknown index: {kind}")
    return edge.UpdateOperation.create_field_index(
        name, edge.KeywordIndexParams(is_tenant=bool(is_tenant))
    )
