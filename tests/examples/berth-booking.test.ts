import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  demoAgents,
  fromSandboxes,
  seedDemo,
  serveDemoPages,
  type DemoPages,
} from '../../examples/index.ts';
import { describeUnless } from '../harness/not-run.ts';
import { dockerForTests } from '../harness/docker.ts';
import { startStack, type Stack } from '../harness/stack.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Run } from '../../contracts/records.ts';

const NAME = 'berth-booking';
const { reason, socketPath } = await dockerForTests(['browser']);

describeUnless(reason, 'the demo berth-booking', () => {
  let pages: DemoPages;
  let stack: Stack;

  beforeAll(async () => {
    pages = await serveDemoPages(0);
    stack = await startStack({
      DOCKER_HOST: `unix://${socketPath}`,
      HOLDFAST_SANDBOX_WARM: '0',
      HOLDFAST_SANDBOX_PRIVATE_HOSTS: fromSandboxes(pages.host),
    });
    const agents = demoAgents(pages.url).filter(({ name }) => name === NAME);
    await seedDemo(stack.client, agents);
  }, 60_000);
  afterAll(async () => {
    await stack.stop();
    await pages[Symbol.asyncDispose]();
  });

  async function book(input: JsonObject): Promise<Run> {
    const { id } = await stack.client.runs.create({ agent: NAME, input });
    return stack.client.runs.wait(id);
  }

  test('fills the form in with a browser, and publishes a picture of the answer', async () => {
    const { client } = stack;
    const run = await book({ boat: 'Albatros', metres: 12.5, nights: 3 });
    expect(run.error).toBeNull();
    expect(run.output).toEqual({
      booked: true,
      answer: 'Booked for Albatros, nights: 3. To pay: 93 euros. Reference: SK-8393',
      fee: 93,
      reference: 'SK-8393',
    });
    const { items: artifacts } = await client.artifacts.list(run.id).page();
    expect(artifacts).toMatchObject([{ name: 'booking.png', mediaType: 'image/png' }]);
    const png = Buffer.from(await client.artifacts.read(artifacts[0]?.id ?? ''));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1280, 800]);
    const { items: requests } = await client.audit.networkRequests(run.id).page();
    expect(requests[0]).toMatchObject({ host: 'harbour.localhost', allowed: true });
  }, 60_000);

  test('says what the page said when it books nothing', async () => {
    const run = await book({ boat: 'Pelikan', metres: 9, nights: 15 });
    expect(run.output).toEqual({
      booked: false,
      answer: 'Stays of more than 14 nights need a written permit from the harbour master.',
      fee: null,
      reference: null,
    });
  }, 60_000);
});
