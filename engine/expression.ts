import { AppError } from '../contracts/app-error.ts';
import { compileCel, type Env, type Program } from './cel-program.ts';
import { createLru } from './lru.ts';
import { createMeter, tooExpensive } from './cel-meter.ts';
import { failed, toJson } from './cel-value.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import { LIMITS } from '../contracts/limits.ts';
import { splitTemplate } from './template.ts';
import { toText } from './cel-functions.ts';

/** Names that expressions of a graph may use. */
export const EXPRESSION_ROOTS = ['input', 'state', 'visit', 'result'] as const;

const CACHED = 500;

/** A piece of a template, ready to run. */
type CompiledPart = string | Program;

const programs = createLru<Program>(CACHED);
const templates = createLru<readonly CompiledPart[]>(CACHED);

/** What is wrong with a CEL expression, as a sentence; null if nothing is. */
export function checkExpression(
  text: string,
  roots: readonly string[] = EXPRESSION_ROOTS,
): string | null {
  return problemOf(() => {
    checkRoots(programOf(text), roots);
  });
}

/** The value of a CEL expression; every key of the scope is a name that it may use. */
export function evaluate(text: string, scope: JsonObject): Json {
  return guarded(() => {
    const env = envOf(scope);
    return toJson(env.meter, programOf(text).run(env));
  });
}

/** What is wrong with a text with `{{ CEL }}` placeholders; null if nothing is. */
export function checkTemplate(
  text: string,
  roots: readonly string[] = EXPRESSION_ROOTS,
): string | null {
  return problemOf(() => {
    for (const part of templateOf(text)) {
      if (typeof part !== 'string') checkRoots(part, roots);
    }
  });
}

/**
 * The text with its placeholders filled in, once: values are never read as templates. A text that is
 * one placeholder and nothing else keeps the value's type; values other than texts are printed as
 * JSON.
 */
export function renderTemplate(text: string, scope: JsonObject): Json {
  return guarded(() => {
    const env = envOf(scope);
    const [first, ...rest] = templateOf(text);
    if (first === undefined) return '';
    if (rest.length === 0)
      return typeof first === 'string' ? first : toJson(env.meter, first.run(env));
    return print([first, ...rest], env);
  });
}

function print(parts: readonly CompiledPart[], env: Env): string {
  const texts: string[] = [];
  let chars = 0;
  for (const part of parts) {
    const text = typeof part === 'string' ? part : toText(env.meter, part.run(env));
    chars += text.length;
    if (chars > LIMITS.valueBytes) {
      throw tooExpensive(`its text is larger than ${LIMITS.valueBytes} bytes`);
    }
    texts.push(text);
  }
  return texts.join('');
}

function envOf(scope: JsonObject): Env {
  return { scope, locals: [], meter: createMeter() };
}

function programOf(text: string): Program {
  const known = programs.get(text);
  if (known !== undefined) return known;
  const program = compileCel(text);
  programs.set(text, program);
  return program;
}

function templateOf(text: string): readonly CompiledPart[] {
  const known = templates.get(text);
  if (known !== undefined) return known;
  const parts = splitTemplate(text).map((part) =>
    part.kind === 'text' ? part.text : programOf(part.text),
  );
  templates.set(text, parts);
  return parts;
}

function checkRoots(program: Program, allowed: readonly string[]): void {
  for (const root of program.roots) {
    if (allowed.includes(root)) continue;
    throw new AppError(
      'expression.invalid',
      `the expression is not valid: there is nothing named ${root}; use ${allowed.join(', ')}`,
    );
  }
}

function problemOf(check: () => void): string | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

/** Values nested so deep that the stack ends are the scope's fault and not ours. */
function guarded<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof RangeError) throw failed('a value is nested too deep');
    throw error;
  }
}
