import { pointTo } from '../../engine/json-pointer.ts';
import { SCRIPT_ROOTS, type ScriptTurn } from '../../contracts/agent-spec.ts';
import { isJsonObject, type Json } from '../../contracts/json.ts';
import type { CheckContext } from '../../engine/node-descriptor.ts';
import type { Problem } from '../../contracts/problem.ts';

/** Problems of the expressions and placeholders of a script, if there is one. */
export function checkScript(
  pointer: string,
  script: readonly ScriptTurn[] | undefined,
  context: CheckContext,
): readonly Problem[] {
  return (script ?? []).flatMap((turn, index) => checkTurn(`${pointer}/${index}`, turn, context));
}

function checkTurn(pointer: string, turn: ScriptTurn, context: CheckContext): readonly Problem[] {
  const expression = (name: 'when' | 'output' | 'calls'): readonly Problem[] => {
    const text = turn[name];
    if (text === undefined) return [];
    return context.checkExpression(`${pointer}/${name}`, text, SCRIPT_ROOTS);
  };
  return [
    ...expression('when'),
    ...checkTexts(`${pointer}/say`, turn.say ?? null, context),
    ...expression('output'),
    ...(turn.call ?? []).flatMap(({ arguments: args }, index) =>
      checkTexts(`${pointer}/call/${index}/arguments`, args, context),
    ),
    ...expression('calls'),
  ];
}

/** Problems of every text inside the value: all of them are templates. */
function checkTexts(pointer: string, value: Json, context: CheckContext): readonly Problem[] {
  if (typeof value === 'string') return context.checkTemplate(pointer, value, SCRIPT_ROOTS);
  if (!Array.isArray(value) && !isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    checkTexts(pointTo(pointer, key), inner as Json, context),
  );
}
