import { expect, test } from '@jest/globals';
import { advance, begin } from '../../engine/advance.ts';
import { createMemoryJournal } from '../journal/memory-journal.ts';
import { NO_USAGE } from '../../contracts/step.ts';
import { planOf } from '../../engine/plan.fixture.ts';
import { replay } from './replay.ts';
import type { Journal } from '../../contracts/journal.ts';
import type { StepRecord } from '../../contracts/records.ts';
import type { Token } from '../../contracts/frontier.ts';

const REF = { workspaceId: 'ws_1', runId: 'run_1' };
const PLAN = planOf({
  start: { fan: ['left', 'right'] },
  left: { to: 'meet' },
  right: { to: 'meet' },
  meet: { join: { mode: 'all', depth: 0 } },
});
const OUTCOME = { kind: 'done' } as const;
const FORKED = advance(PLAN, begin(PLAN, 0), {
  stepId: begin(PLAN, 0).tokens[0]?.stepId ?? '',
  outcome: OUTCOME,
  now: 0,
}).frontier;

function recordOf(token: Token, part: Pick<StepRecord, 'endedAt' | 'seq'>): StepRecord {
  const { stepId, nodeId, op, visit, key } = token;
  return {
    runId: REF.runId,
    stepId,
    epoch: 0,
    nodeId,
    op,
    visit,
    key,
    status: 'done',
    attempt: 0,
    outcome: OUTCOME,
    result: null,
    error: null,
    usage: NO_USAGE,
    startedAt: '2026-01-01T00:00:00.000Z',
    ...part,
  };
}

/** A journal in which both branches have finished, left and right like this. */
function journalOf(...ends: readonly Pick<StepRecord, 'endedAt' | 'seq'>[]): Journal {
  const records = FORKED.tokens.map((token, index) =>
    recordOf(token, ends[index] ?? { endedAt: null, seq: null }),
  );
  return {
    ...createMemoryJournal({ versions: [], runs: [] }),
    loadSteps: async () => records,
    loadStep: async (_ref, _epoch, id) => records.find(({ stepId }) => stepId === id) ?? null,
  };
}

const EARLY = '2026-01-01T00:00:01.000Z';
const LATE = '2026-01-01T00:00:02.000Z';
const [LEFT, RIGHT] = FORKED.tokens.map(({ stepId }) => stepId);

test.each([
  {
    name: 'of their entries, whatever their times say',
    ends: [
      { endedAt: EARLY, seq: 8 },
      { endedAt: LATE, seq: 7 },
    ],
  },
  {
    name: 'of their entries where the times are the same',
    ends: [
      { endedAt: EARLY, seq: 8 },
      { endedAt: EARLY, seq: 7 },
    ],
  },
  {
    name: 'of their times where entries have no numbers',
    ends: [
      { endedAt: LATE, seq: null },
      { endedAt: EARLY, seq: null },
    ],
  },
])('applies finished steps in the order $name', async ({ ends }) => {
  const at = { plan: PLAN, frontier: FORKED, except: [] };
  expect((await replay(journalOf(...ends), REF, at)).ran).toEqual([RIGHT, LEFT]);
});
