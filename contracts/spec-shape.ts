import { isJsonObject } from './json.ts';
import { LIMITS } from './limits.ts';
import type { Problem } from './problem.ts';

const MAX_VALUES = 100_000;

/**
 * What keeps a spec from being looked at closely: it is too large, too deep, or not JSON. Stops at
 * the first problem, so that a huge document costs little.
 */
export function checkShape(spec: unknown): readonly Problem[] {
  const long = tooLong(spec);
  if (long !== null) return [long];
  const stack: Place[] = [{ pointer: '', value: spec, depth: 0 }];
  let values = 0;
  let chars = 0;
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    values += 1;
    chars += place.pointer.length - place.pointer.lastIndexOf('/');
    if (typeof place.value === 'string') chars += place.value.length;
    if (values > MAX_VALUES || chars > LIMITS.specBytes) {
      return [
        problem('', 'too_large', `a spec may have ${LIMITS.specBytes} bytes at most; shorten it`),
      ];
    }
    const wrong = checkPlace(place, stack);
    if (wrong !== null) return [wrong];
  }
  return [];
}

/** A place in a spec that is yet to be looked at. */
interface Place {
  readonly pointer: string;
  readonly value: unknown;
  readonly depth: number;
}

function checkPlace({ pointer, value, depth }: Place, stack: Place[]): Problem | null {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return null;
  if (typeof value === 'number' && Number.isFinite(value)) return null;
  if (typeof value !== 'object') return problem(pointer, 'not_json', 'is not a JSON value');
  if (depth >= LIMITS.jsonDepth) {
    return problem(pointer, 'too_deep', `is nested more than ${LIMITS.jsonDepth} deep`);
  }
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  for (const [key, inner] of entries) {
    const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (key === '__proto__') return problem(at, 'reserved_name', 'may not be used as a name');
    stack.push({ pointer: at, value: inner, depth: depth + 1 });
  }
  return null;
}

/** The long parts of a spec, which deserve a problem of their own. */
function tooLong(spec: unknown): Problem | null {
  if (!isJsonObject(spec)) return null;
  const { instructions, tools, graph } = spec;
  if (typeof instructions === 'string' && instructions.length > LIMITS.instructionsBytes) {
    const message = `may have ${LIMITS.instructionsBytes} characters at most; shorten it`;
    return problem('/instructions', 'too_long', message);
  }
  return (
    tooMany('/tools', tools, LIMITS.toolsPerAgent) ??
    (isJsonObject(graph) ? tooLongGraph(graph) : null)
  );
}

function tooLongGraph(graph: Readonly<Record<string, unknown>>): Problem | null {
  const { nodes, edges, channels } = graph;
  const names = isJsonObject(channels) ? Object.keys(channels) : [];
  return (
    tooMany('/graph/nodes', nodes, LIMITS.graphNodes) ??
    tooMany('/graph/edges', edges, LIMITS.graphNodes) ??
    tooMany('/graph/channels', names, LIMITS.channels)
  );
}

function tooMany(pointer: string, list: unknown, max: number): Problem | null {
  if (!Array.isArray(list) || list.length <= max) return null;
  return problem(pointer, 'too_many', `may have ${max} entries at most but has ${list.length}`);
}

function problem(pointer: string, reason: string, message: string): Problem {
  return { pointer, code: `spec.${reason}`, message };
}
