import { describe, expect, test } from '@jest/globals';
import { checkTemplate, renderTemplate } from './expression.ts';
import { codeOf, SCOPE } from './expression.fixture.ts';
import type { Json } from '../contracts/json.ts';

describe('templates', () => {
  test.each<[string, Json]>([
    ['', ''],
    ['plain', 'plain'],
    ['Hello {{ input.name }}!', 'Hello Ada!'],
    ['{{ state.count }}', 2],
    ['{{ state.items }}', [{ id: 1 }, { id: 2 }]],
    ['{{input.none}}', null],
    [' {{ state.count }}', ' 2'],
    ['{{ state.items }} and {{ input.none }}', '[{"id":1},{"id":2}] and null'],
    ['{{ {"a": {"b": 1}} }}', { a: { b: 1 } }],
    ['{{{"a": {"b": 1}}}}', { a: { b: 1 } }],
    ['{{ "}}" }}{{ \'{{\' }}', '}}{{'],
    ['{{ "a\\"}}" }}.', 'a"}}.'],
    ['}} {', '}} {'],
    ['n = {{ 1 + 1 }}', 'n = 2'],
  ])('%s', (text, value) => {
    expect(renderTemplate(text, SCOPE)).toEqual(value);
    expect(checkTemplate(text)).toBeNull();
  });

  test('are filled in once: what they are filled with is not read as a template', () => {
    const scope = { input: '{{ state.secret }}', state: { secret: 'no' } };
    expect(renderTemplate('{{ input }}', scope)).toBe('{{ state.secret }}');
    expect(renderTemplate('a {{ input }}', scope)).toBe('a {{ state.secret }}');
  });

  test.each([
    ['{{ input', 'not closed'],
    ['{{ secrets }}', 'nothing named secrets'],
    ['{{constructor.constructor("return process")()}}', 'Unexpected character'],
    ['{{ }}', 'Unexpected token'],
    ['{{1}}'.repeat(201), 'more than 200 placeholders'],
  ])('are refused: %s', (text, part) => {
    expect(checkTemplate(text) ?? '').toContain(part);
  });

  test('may use the names that the caller lists', () => {
    expect(checkTemplate('{{ last }}', ['last'])).toBeNull();
  });

  test('are refused when their text is larger than a value may be', () => {
    const scope = { input: 'x'.repeat(9_000_000) };
    const text = '{{ input }}'.repeat(4);
    expect(codeOf(() => renderTemplate(text, scope))).toBe('expression.too_expensive');
  });
});
