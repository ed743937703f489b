import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  demoAgents,
  serveDemoPages,
  type DemoAgent,
  type DemoPages,
} from '../../examples/index.ts';
import { startDemoHarness, type DemoHarness } from './demo-harness.ts';

let harness: DemoHarness;
let pages: DemoPages;
let agent: DemoAgent;

beforeAll(async () => {
  pages = await serveDemoPages(0);
  harness = await startDemoHarness({ inputsRoot: '.', httpAllowHosts: [pages.host] });
  const found = demoAgents(pages.url).find(({ name }) => name === 'web-answers');
  if (found === undefined) throw new Error('there is no such demo');
  agent = found;
});

afterAll(async () => {
  await harness.stop();
  await pages[Symbol.asyncDispose]();
});

async function ask(question: string): Promise<unknown> {
  const { run } = await harness.play(agent, { message: question });
  expect(run.error).toBeNull();
  return run.output;
}

test.each([
  {
    question: 'What is the fee for a guest berth per night?',
    quote:
      'The fee for a guest berth is 22 euros per night for boats up to 10 metres, and 31 euros for longer ones.',
  },
  {
    question: 'When is the harbour entrance closed?',
    quote:
      'When the wind exceeds 8 Beaufort, the harbour entrance is closed and two red lights are shown.',
  },
  {
    question: 'How fast, what speed limit inside the breakwater?',
    quote: 'The speed limit inside the breakwater is 4 knots.',
  },
])('answers "$question" with the sentence of the page', async ({ question, quote }) => {
  const url = `${pages.url}/harbour-rules.html`;
  expect(await ask(`${question} See ${url}`)).toEqual({ answer: quote, sources: [{ url, quote }] });
});

test('does not make up what the page does not say', async () => {
  expect(await ask(`Are dogs allowed? See ${pages.url}/harbour-rules.html`)).toEqual({
    answer: 'The page does not say.',
    sources: [],
  });
});

test('never reads what a browser would not show', async () => {
  expect(
    await ask(`Is it free of charge for everybody? See ${pages.url}/harbour-rules.html`),
  ).toEqual({
    answer: 'The page does not say.',
    sources: [],
  });
});

test.each(['no-such-page.html', '..%2fserve-pages.ts'])(
  'says that it could not read %s',
  async (page) => {
    expect(await ask(`What is the fee? See ${pages.url}/${page}`)).toEqual({
      answer: 'The page could not be read.',
      sources: [],
    });
  },
);

test('may not reach hosts that are not allowed', async () => {
  expect(await ask('What is the fee? See http://127.0.0.1:1/')).toEqual({
    answer: 'The page could not be read.',
    sources: [],
  });
});
