import { describe, expect, test } from '@jest/globals';
import { analyse } from '../../adapters/memory-index/text/analyser.ts';
import { mayBeOne, relate } from './same-saying.ts';

describe('two texts', () => {
  test.each([
    ['Anna likes old maps of the north', 'Anna liked old maps, of the north!', 'same'],
    ['Anna likes tea', 'Anna does not like tea', 'negated'],
    ["Anna doesn't like tea any more", 'Anna likes tea', 'negated'],
    ['Anna no longer likes tea', 'Anna does not like tea', 'same'],
    ['It is not true that Anna never sings', 'Anna sings', 'different'],
    ['Anna likes tea', 'Anna likes coffee', 'different'],
    ['Anna pays 900', 'Anna pays 950', 'different'],
    ['Today Anna met Bob', 'Today Bob met Anna', 'different'],
    ['the of and', 'the of and', 'different'],
  ])('%s / %s: %s', (fresh, known, kind) => {
    expect(relate(fresh, known, analyse).kind).toBe(kind);
  });

  test('a new one that says more is not the same as a known one that says less', () => {
    const long = 'Anna likes strong black tea with honey in winter';
    expect(relate(long, 'Anna likes tea', analyse).kind).toBe('different');
    expect(relate('Anna likes tea', long, analyse).kind).toBe('different');
  });

  test('that mean about the same are one only with equal numbers, names and negations', () => {
    expect(mayBeOne('she moved to Rome', 'she relocated to Rome', analyse)).toBe(true);
    expect(mayBeOne('she moved to Rome', 'she relocated to Oslo', analyse)).toBe(false);
    expect(mayBeOne('she moved at 5', 'she relocated at 6', analyse)).toBe(false);
    expect(mayBeOne('she moved', 'she never moved', analyse)).toBe(false);
  });
});
