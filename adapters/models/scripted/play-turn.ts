import type { ScriptTurn } from '../../../contracts/agent-spec.ts';
import { AppError } from '../../../contracts/app-error.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../contracts/json.ts';
import type { ToolCall } from '../../../contracts/message.ts';
import type { ModelDeps } from '../config.ts';

/** What a turn of a script says and does. */
export interface PlayedTurn {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  /** The value of the turn's `output`; undefined if it has none. */
  readonly output: Json | undefined;
}

/** Plays the first turn that holds. Throws `model.script_ended` when none does. */
export function playTurn(
  script: readonly ScriptTurn[],
  scope: JsonObject,
  deps: ModelDeps,
): PlayedTurn {
  const turn = script.find(({ when }) => when === undefined || deps.evaluate(when, scope) === true);
  const number = Number(scope['turn']);
  if (turn === undefined) {
    throw new AppError(
      'model.script_ended',
      `the model's script has nothing to play at turn ${number}: add a turn, or one without "when"`,
    );
  }
  const output = turn.output === undefined ? undefined : deps.evaluate(turn.output, scope);
  const said = turn.say === undefined ? null : deps.renderTemplate(turn.say, scope);
  const text = said === null ? '' : typeof said === 'string' ? said : JSON.stringify(said);
  return {
    text: said === null && output !== undefined ? JSON.stringify(output) : text,
    toolCalls: callsOf(turn, scope, deps).map((call, position) => ({
      id: `call_${number}_${position + 1}`,
      ...call,
    })),
    output,
  };
}

interface PlainCall {
  readonly name: string;
  readonly arguments: JsonObject;
}

function callsOf(turn: ScriptTurn, scope: JsonObject, deps: ModelDeps): readonly PlainCall[] {
  const fixed = (turn.call ?? []).map(({ tool, arguments: args }) => ({
    name: tool,
    arguments: renderEach(args, scope, deps),
  }));
  if (turn.calls === undefined) return fixed;
  const computed = deps.evaluate(turn.calls, scope);
  if (!Array.isArray(computed)) throw notCalls(turn.calls);
  return [...fixed, ...computed.map((item: Json) => plainCall(item, turn.calls ?? ''))];
}

function plainCall(item: Json, expression: string): PlainCall {
  if (!isJsonObject(item) || typeof item['tool'] !== 'string') throw notCalls(expression);
  const args = item['arguments'] ?? {};
  if (!isJsonObject(args)) throw notCalls(expression);
  return { name: item['tool'], arguments: args };
}

function notCalls(expression: string): AppError {
  return new AppError(
    'expression.failed',
    `the script's "calls" must yield a list of {tool, arguments}: ${expression}`,
  );
}

function renderEach(args: JsonObject, scope: JsonObject, deps: ModelDeps): JsonObject {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, render(value, scope, deps)]),
  );
}

function render(value: Json, scope: JsonObject, deps: ModelDeps): Json {
  if (typeof value === 'string') return deps.renderTemplate(value, scope);
  if (isJsonObject(value)) return renderEach(value, scope, deps);
  if (!Array.isArray(value)) return value;
  return value.map((item: Json) => render(item, scope, deps));
}
