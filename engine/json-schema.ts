import { ASSERTIONS, type Keyword } from './schema-assertions.ts';
import { applicatorsOf, type Part } from './schema-applicators.ts';
import {
  enter,
  leave,
  SchemaRunStopped,
  spend,
  startRun,
  type SchemaCheck,
  type SchemaRun,
  type Site,
  type Verdict,
} from './schema-run.ts';
import { isJsonObject, type Json, type JsonObject, type JsonSchema } from '../contracts/json.ts';
import type { Problem } from '../contracts/problem.ts';

export { checkSchema } from './schema-check.ts';

/** Keywords in the order in which they are to run. */
const KEYWORDS: readonly (readonly [string, Keyword])[] = [
  ...Object.entries(ASSERTIONS),
  ...applicatorsOf((site, schema, part) =>
    judge(site.run, schema, part ?? { value: site.value, pointer: site.pointer }),
  ),
];

/**
 * Where a value does not fit a JSON Schema of 2020-12; pointers lead into the value, behind the
 * prefix. The schema is interpreted, and patterns are searched for in linear time, so that neither
 * can keep a process busy: what takes too long is a problem of its own.
 */
export function validateJson(
  schema: JsonSchema,
  value: Json,
  pointerPrefix = '',
): readonly Problem[] {
  const run = startRun(schema);
  try {
    return judge(run, schema, { value, pointer: pointerPrefix }).problems;
  } catch (error) {
    if (error instanceof SchemaRunStopped) {
      return [{ pointer: pointerPrefix, code: 'schema.too_expensive', message: error.message }];
    }
    throw error;
  }
}

function judge(run: SchemaRun, schema: Json, part: Part): Verdict {
  spend(run, 1);
  if (schema === false) return refuse(part);
  if (!isJsonObject(schema)) return NOTHING;
  const { value, pointer } = part;
  const site: Site = { run, schema, value, pointer, problems: [], seen: new Set() };
  enter(run);
  for (const { check, operand } of checksOf(run, schema)) check(site, operand);
  leave(run);
  return site;
}

const NOTHING: Verdict = { problems: [], seen: new Set() };

function refuse({ pointer, keyword }: Part): Verdict {
  const code = `schema.${keyword ?? 'false'}`;
  return {
    problems: [{ pointer, code, message: 'is not allowed here; remove it' }],
    seen: new Set(),
  };
}

/** What a schema asks for; found out once, for a schema may be applied to many values. */
function checksOf(run: SchemaRun, schema: JsonObject): readonly SchemaCheck[] {
  const known = run.checks.get(schema);
  if (known !== undefined) return known;
  const checks: SchemaCheck[] = [];
  for (const [name, check] of KEYWORDS) {
    const operand = Object.hasOwn(schema, name) ? schema[name] : undefined;
    if (operand !== undefined) checks.push({ check, operand });
  }
  run.checks.set(schema, checks);
  return checks;
}
