import { ID_PREFIXES } from '../../contracts/ids.ts';
import { hashJson } from '../step/hash.ts';
import type { NodeContext } from './node-type.ts';

const ID_DIGITS = 32;

/** Id of the task that a step asks in a phase: the same for every attempt, so that one task exists. */
export function taskIdOf(context: NodeContext, phase: string): string {
  const { run, epoch, call } = context;
  const hash = hashJson([run.workspaceId, run.runId, epoch, call.stepId, phase]);
  return `${ID_PREFIXES.humanTask}_${hash.slice(0, ID_DIGITS)}`;
}
