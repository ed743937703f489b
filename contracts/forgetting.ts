const DAY_MS = 24 * 3_600_000;

/**
 * How memories fade. The curve is Ebbinghaus' (1885) in the exponential form `R = e^(-t/S)` of
 * Wozniak, Gorzelańczyk and Murakowski (1995); that a use strengthens the more, the more had faded,
 * is the spacing effect as in Pimsleur (1967) and MemoryBank (Zhong et al., 2023).
 */
export const FORGETTING = {
  /** Stability of a new memory of middling importance. */
  baseMs: 7 * DAY_MS,
  /** A use at `R = 0` makes it this much more stable, as a share. */
  gain: 1,
  maxMs: 365 * DAY_MS,
  /** Retention at which a memory is due. */
  threshold: 0.1,
  /** Uses that follow each other within this time count once. */
  coalesceMs: 10 * 60_000,
  /** Moments of use that are kept. */
  touches: 20,
} as const;

/** Weight of retention in a ranking: a faded memory still has the floor. */
export const DECAY_RANKING = { floor: 0.3, weight: 1.2 } as const;

/** What decides how much of a memory is left; times are milliseconds since 1970. */
export interface Strength {
  readonly stabilityMs: number;
  readonly lastAccessMs: number;
}

/** The share that is left of a memory, `R = e^(-t/S)`: 1 right after its use. */
export function retention({ stabilityMs, lastAccessMs }: Strength, nowMs: number): number {
  return Math.exp(-Math.max(0, nowMs - lastAccessMs) / stabilityMs);
}

/** Stability of a new memory, `S0 = base · (0.5 + importance)`. */
export function firstStability(importance: number): number {
  return Math.round(FORGETTING.baseMs * (0.5 + importance));
}

/**
 * Strength after a use, `S = min(Smax, S · (1 + a · (1 - R)))`; null when the use follows another
 * so soon that it counts as the same one.
 */
export function reinforced(strength: Strength, nowMs: number): Strength | null {
  const { stabilityMs, lastAccessMs } = strength;
  if (nowMs - lastAccessMs < FORGETTING.coalesceMs) return null;
  const grown = stabilityMs * (1 + FORGETTING.gain * (1 - retention(strength, nowMs)));
  return { stabilityMs: Math.round(Math.min(FORGETTING.maxMs, grown)), lastAccessMs: nowMs };
}

/** When its retention reaches the threshold θ: `last access + S · ln(1/θ)`. */
export function forgetAtMs({ stabilityMs, lastAccessMs }: Strength): number {
  return Math.round(lastAccessMs + stabilityMs * Math.log(1 / FORGETTING.threshold));
}

/** What a ranking multiplies a memory's score with: `0.3 + 1.2 · R`. */
export function decayFactor(strength: Strength, nowMs: number): number {
  return DECAY_RANKING.floor + DECAY_RANKING.weight * retention(strength, nowMs);
}
