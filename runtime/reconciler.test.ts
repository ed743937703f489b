import { expect, test } from '@jest/globals';
import { createLogger } from './logger.ts';
import { createMemoryJournal } from '../activities/journal/memory-journal.ts';
import { reconcile } from './reconciler.ts';
import type { RunFacts } from '../contracts/journal.ts';

const REF = { workspaceId: 'ws_1', runId: 'run_1' };

/** A run that is looked at in its first epoch while it stands as `facts` say. */
function bench(facts: Partial<RunFacts> = {}) {
  const journal = createMemoryJournal({
    versions: [],
    runs: [
      {
        ...REF,
        versionId: 'ver_1',
        threadId: null,
        userId: null,
        threadPosition: 0,
        status: 'running',
        input: null,
        epoch: 0,
        createdAt: 0,
        cancelRequested: false,
        ...facts,
      },
    ],
  });
  const look = (findClosed: (runId: string) => Promise<string | null>) =>
    reconcile({
      journal,
      findClosed,
      log: createLogger('silent', 'test'),
      runs: {
        claimQuiet: async ({ status }) => (status === 'running' ? [{ ...REF, epoch: 0 }] : []),
      },
    });
  return { journal, look };
}

test('ends a run whose workflow is closed, once', async () => {
  const { journal, look } = bench();
  expect(await look(async () => 'its workflow timed out')).toBe(1);
  expect(await look(async () => 'its workflow timed out')).toBe(0);
  const error = {
    code: 'run.workflow_closed',
    message: 'the run cannot go on: its workflow timed out',
  };
  expect(journal.run(REF)).toMatchObject({ facts: { status: 'failed' }, error });
  expect(journal.run(REF).events.map(({ type }) => type)).toEqual(['run.created', 'run.failed']);
});

test('leaves a run alone whose workflow is open', async () => {
  const { journal, look } = bench();
  expect(await look(async () => null)).toBe(0);
  expect(journal.run(REF).facts.status).toBe('running');
});

test('leaves the end that a workflow has recorded before it closed', async () => {
  const { journal, look } = bench();
  const looked = await look(async () => {
    await journal.commit({
      ...REF,
      epoch: 0,
      events: [{ type: 'run.succeeded', data: {} }],
      end: { end: { status: 'succeeded' }, output: 'fine', messages: [] },
    });
    return 'its workflow completed without recording an end';
  });
  expect(looked).toBe(0);
  expect(journal.run(REF)).toMatchObject({ facts: { status: 'succeeded' }, output: 'fine' });
});

test('leaves a run alone that goes on in a later epoch', async () => {
  const { journal, look } = bench({ epoch: 1 });
  expect(await look(async () => 'its workflow was terminated')).toBe(0);
  expect(journal.run(REF).facts.status).toBe('running');
});
