import { afterAll, beforeAll } from '@jest/globals';
import { createStores, createTenant, type Stores, type Tenant } from './fixtures.ts';
import { describeJournal } from './journal.suite.ts';
import type { JournalBench } from './journal-suite/bench.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { createJournal } from '../../db/journal/journal.ts';
import type { RunRef } from '../../contracts/journal.ts';

let schema: TestSchema;
let journal: ReturnType<typeof createJournal>;
let stores: Stores;
let tenant: Tenant;

beforeAll(async () => {
  schema = await freshSchema();
  journal = createJournal(schema.database);
  stores = createStores(schema.database);
  tenant = await createTenant(stores);
});

afterAll(async () => {
  await journal[Symbol.asyncDispose]();
  await schema.drop();
});

const START = { after: { seq: 0, sub: 0 }, limit: 1_000 };

function bench(): JournalBench {
  const threadOf = async ({ workspaceId, runId }: RunRef): Promise<string> =>
    (await stores.runs.get(workspaceId, runId)).threadId ?? '';
  return {
    journal,
    seedRun: () => tenant.seedRun(),
    events: ({ workspaceId, runId }) =>
      stores.runs.events(workspaceId, runId, { afterSeq: 0, limit: 1_000 }),
    tokens: ({ workspaceId, runId }) => stores.runs.tokens(workspaceId, runId, START),
    run: ({ workspaceId, runId }) => stores.runs.get(workspaceId, runId),
    messages: async (ref) => {
      const threadId = await threadOf(ref);
      const { items } = await stores.threads.messages(ref.workspaceId, threadId, { limit: 100 });
      return items.map(({ message }) => message);
    },
  };
}

describeJournal('on PostgreSQL', bench);
