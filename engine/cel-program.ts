import { Environment, type ASTNode } from '@marcbachmann/cel-js';
import { AppError } from '../contracts/app-error.ts';
import { at, BINARY_OPERATIONS, field, negate, ownField } from './cel-operators.ts';
import { attempt, condition, fitsLoop, isLoop, loopOf } from './cel-loops.ts';
import { failed, isMap, kindOf, type CelValue } from './cel-value.ts';
import { GLOBAL_FUNCTIONS, METHODS, type CelFunction } from './cel-functions.ts';
import { LIMITS } from '../contracts/limits.ts';
import { make, type Meter } from './cel-meter.ts';
import type { JsonObject } from '../contracts/json.ts';

const MAX_PARTS = 1_000;
const MAX_LOOP_DEPTH = 3;

/** What a running expression sees. */
export interface Env {
  readonly scope: JsonObject;
  /** Values of loop variables, by the depth of their loop. */
  readonly locals: CelValue[];
  readonly meter: Meter;
}

/** A part of an expression, ready to run. */
export type Run = (env: Env) => CelValue;

/** An expression, ready to run. */
export interface Program {
  readonly run: Run;
  /** Names that it reads from its scope. */
  readonly roots: ReadonlySet<string>;
}

/** What is known where a part is compiled. */
interface Site {
  readonly found: { readonly roots: Set<string>; parts: number };
  /** Loop variables around it, with their places in `locals`. */
  readonly variables: ReadonlyMap<string, number>;
}

/** The parser alone is used: programs run here, where their work is counted. */
const parser = new Environment({
  unlistedVariablesAreDyn: true,
  // Parsed, so that they are refused with a sentence of their own.
  enableOptionalTypes: true,
  limits: { maxAstNodes: MAX_PARTS, maxDepth: 60, maxListElements: 500, maxMapEntries: 500 },
});

/** Compiles CEL to a program that counts its work. Throws `expression.invalid`. */
export function compileCel(text: string): Program {
  if (text.length > LIMITS.expressionChars) {
    throw invalid(`it has more than ${LIMITS.expressionChars} characters`);
  }
  const found = { roots: new Set<string>(), parts: 0 };
  const run = compilePart(parse(text), { found, variables: new Map() });
  return { run, roots: found.roots };
}

/** The failure of an expression that cannot be compiled. */
export function invalid(reason: string): AppError {
  return new AppError('expression.invalid', `the expression is not valid: ${reason}`);
}

function parse(text: string): ASTNode {
  try {
    return parser.parse(text).ast;
  } catch (error) {
    // The lines behind the first one draw an arrow under the text.
    const message = error instanceof Error ? error.message : 'it cannot be parsed';
    throw invalid(message.split('\n', 1).join(''));
  }
}

function compilePart(node: ASTNode, site: Site): Run {
  site.found.parts += 1;
  switch (node.op) {
    case 'value':
      return constant(node.args);
    case 'id':
      return variable(node.args, site);
    case '.':
      return fieldOf(compilePart(node.args[0], site), node.args[1]);
    case '[]': {
      const [container, index] = compileAll(node.args, site);
      return (env) => at(container(env), index(env));
    }
    case 'call':
      return call(node.args, site);
    case 'rcall':
      return method(node.args, site);
    case 'list': {
      const items = node.args.map((item) => compilePart(item, site));
      return (env) =>
        make(
          env.meter,
          items.map((item) => item(env)),
        );
    }
    case 'map':
      return mapOf(node.args, site);
    case '?:': {
      const [test, then, otherwise] = compileAll(node.args, site);
      return (env) => (condition(test(env)) ? then(env) : otherwise(env));
    }
    case '||':
    case '&&':
      return logical(compileAll(node.args, site), node.op === '||');
    case '!_': {
      const operand = compilePart(node.args, site);
      return (env) => !condition(operand(env));
    }
    case '-_': {
      const operand = compilePart(node.args, site);
      return (env) => negate(operand(env));
    }
    case '.?':
    case '[?]':
      throw invalid('optional fields are not supported; use has()');
    default: {
      const operate = BINARY_OPERATIONS[node.op];
      if (operate === undefined) throw invalid(`operator ${node.op} is not supported`);
      const [left, right] = compileAll(node.args, site);
      return (env) => operate(env.meter, left(env), right(env));
    }
  }
}

/** Compiles parts, as many as there are. */
function compileAll<T extends readonly ASTNode[]>(
  nodes: T,
  site: Site,
): { readonly [K in keyof T]: Run } {
  return nodes.map((node) => compilePart(node, site)) as { readonly [K in keyof T]: Run };
}

function constant(value: unknown): Run {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return () => value;
    default:
      if (value === null) return () => null;
      throw invalid('bytes and unsigned integers are not supported');
  }
}

function variable(name: string, site: Site): Run {
  const slot = site.variables.get(name);
  if (slot !== undefined) return (env) => env.locals[slot] ?? null;
  site.found.roots.add(name);
  return ({ scope }) => {
    const value = Object.hasOwn(scope, name) ? scope[name] : undefined;
    if (value === undefined) throw failed(`there is no value named ${name} here`);
    return value;
  };
}

function fieldOf(container: Run, name: string): Run {
  return (env) => field(container(env), name);
}

function mapOf(entries: readonly (readonly [ASTNode, ASTNode])[], site: Site): Run {
  const parts = entries.map((entry) => compileAll(entry, site));
  return (env) => {
    const fields = parts.map(([key, value]): [string, CelValue] => {
      const name = key(env);
      if (typeof name !== 'string') throw failed(`a key is ${kindOf(name)} and not a text`);
      if (name === '__proto__') throw failed('a key may not be __proto__');
      return [name, value(env)];
    });
    return make(env.meter, Object.fromEntries(fields));
  };
}

/** `||` and `&&`: one side that decides is enough, even when the other one fails. */
function logical([left, right]: readonly [Run, Run], decisive: boolean): Run {
  return (env) => {
    const first = attempt(left, env);
    if (first === decisive) return decisive;
    const second = attempt(right, env);
    if (second === decisive) return decisive;
    if (first instanceof AppError) throw first;
    if (second instanceof AppError) throw second;
    return !decisive;
  };
}

function call([name, nodes]: readonly [string, readonly ASTNode[]], site: Site): Run {
  if (name === 'has') return hasOf(nodes, site);
  const known = GLOBAL_FUNCTIONS.get(name);
  if (known === undefined) throw invalid(`there is no function ${name}()`);
  return apply(name, known, compileArgs(nodes, site));
}

function method(
  [name, receiver, nodes]: readonly [string, ASTNode, readonly ASTNode[]],
  site: Site,
): Run {
  if (isLoop(name)) return loop(name, [receiver, ...nodes], site);
  const known = METHODS.get(name);
  if (known === undefined) throw invalid(`there is no function .${name}()`);
  return apply(`.${name}`, withReceiver(known), compileArgs([receiver, ...nodes], site));
}

function compileArgs(nodes: readonly ASTNode[], site: Site): readonly Run[] {
  return nodes.map((node) => compilePart(node, site));
}

function withReceiver(known: CelFunction): CelFunction {
  return { ...known, minArgs: known.minArgs + 1, maxArgs: known.maxArgs + 1 };
}

function apply(name: string, known: CelFunction, args: readonly Run[]): Run {
  if (args.length < known.minArgs || args.length > known.maxArgs) {
    throw invalid(`${name}() takes another number of arguments`);
  }
  return (env) =>
    known.run(
      env.meter,
      args.map((arg) => arg(env)),
    );
}

function hasOf(nodes: readonly ASTNode[], site: Site): Run {
  const [node] = nodes;
  if (node?.op !== '.' || nodes.length !== 1) throw invalid('has() takes a field, as in has(a.b)');
  const [container, name] = [compilePart(node.args[0], site), node.args[1]];
  return (env) => {
    const value = container(env);
    if (!isMap(value)) throw failed(`${kindOf(value)} has no fields`);
    return ownField(value, name) !== undefined;
  };
}

function loop(name: string, nodes: readonly ASTNode[], site: Site): Run {
  const [range, variableNode, first, second] = nodes;
  if (
    range === undefined ||
    variableNode?.op !== 'id' ||
    first === undefined ||
    !fitsLoop(name, nodes.length - 1)
  ) {
    throw invalid(`.${name}() takes a variable and an expression, as in xs.${name}(x, x > 0)`);
  }
  const slot = new Set(site.variables.values()).size;
  if (slot >= MAX_LOOP_DEPTH) throw invalid(`loops are nested more than ${MAX_LOOP_DEPTH} deep`);
  const runRange = compilePart(range, site);
  const inside = { ...site, variables: new Map([...site.variables, [variableNode.args, slot]]) };
  const before = site.found.parts;
  const run = compilePart(first, inside);
  const body: readonly [Run] | readonly [Run, Run] =
    second === undefined ? [run] : [run, compilePart(second, inside)];
  return loopOf(name, { range: runRange, body, bodyParts: site.found.parts - before, slot });
}
