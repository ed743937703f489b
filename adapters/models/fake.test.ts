import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../contracts/app-error.ts';
import { createFakeChatModels, type FakeTurn } from './fake.ts';
import { describeChatModels, requestFor, type Scenario } from './port.suite.ts';

const TURNS: Readonly<Record<Scenario, FakeTurn>> = {
  text: { text: 'one two three' },
  tools: {
    toolCalls: [
      { id: 'a', name: 'add', arguments: { a: 1 } },
      { id: 'b', name: 'subtract', arguments: { b: 2 } },
    ],
  },
  structured: { output: { n: 7 } },
  misfit: new AppError('model.invalid_output', 'planned'),
  waiting: 'hang',
  failing: new AppError('model.unavailable', 'planned'),
};

describeChatModels('the fake', async (scenario) => ({
  models: createFakeChatModels([TURNS[scenario]]),
  request: requestFor(scenario, { provider: 'default' }),
}));

describe('the fake', () => {
  test('keeps the requests and fails when its turns run out', async () => {
    const models = createFakeChatModels([{ text: 'once' }]);
    const request = requestFor('text', { provider: 'default' });
    const options = { signal: new AbortController().signal, onText: () => undefined };
    await models.call(request, options);
    expect(models.requests).toEqual([request]);
    await expect(models.call(request, options)).rejects.toThrow(/was called once more/);
  });
});
