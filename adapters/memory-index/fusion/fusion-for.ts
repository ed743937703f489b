import type { Fusion, IndexProfile } from '../port.ts';

/** What an embedder declares: sees words alone, or knows meanings. */
export type EmbedderQuality = 'lexical' | 'semantic';

/**
 * How to fuse with vectors of that quality; null to search without them, as vectors that see words alone
 * make the ranking of conversations worse.
 */
export function fusionFor(quality: EmbedderQuality, profile: IndexProfile): Fusion | null {
  if (quality === 'semantic') return { kind: 'rrf', k: 60, lexicalWeight: 1, denseWeight: 1 };
  return profile === 'dialogue' ? null : { kind: 'weighted_sum', denseWeight: 0.3 };
}
