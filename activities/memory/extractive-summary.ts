import type { Memory } from '../../contracts/memory.ts';

type Analyse = (text: string) => readonly string[];

const SENTENCE = /(?<=[.!?…])\s+|\n+/u;
const MAX_CHARS = 1_200;
/** Of the sentences so many stay at most. */
const SHARE = 0.5;

interface Sentence {
  readonly text: string;
  readonly place: number;
  readonly terms: ReadonlySet<string>;
}

/**
 * The sentences of memories that say most in the rarest words, in the order of their time; what a
 * chosen sentence has said counts no more for the next. Needs no model.
 */
export function extractiveSummary(memories: readonly Memory[], analyse: Analyse): string {
  const sentences = sentencesOf(memories, analyse);
  const frequencies = new Map<string, number>();
  for (const { terms } of sentences) {
    for (const term of terms) frequencies.set(term, (frequencies.get(term) ?? 0) + 1);
  }
  const rarity = (term: string): number =>
    Math.log(1 + sentences.length / (frequencies.get(term) ?? 1));
  const wanted = Math.max(1, Math.ceil(sentences.length * SHARE));
  const said = new Set<string>();
  const chosen: Sentence[] = [];
  const left = new Set(sentences);
  let room = MAX_CHARS;
  while (chosen.length < wanted) {
    const best = mostTelling([...left], (term) => (said.has(term) ? 0 : rarity(term)));
    if (best === null) break;
    left.delete(best);
    if (chosen.length > 0 && best.text.length > room) continue;
    chosen.push(best);
    room -= best.text.length;
    for (const term of best.terms) said.add(term);
  }
  return chosen
    .sort((a, b) => a.place - b.place)
    .map(({ text }) => text)
    .join(' ');
}

function sentencesOf(memories: readonly Memory[], analyse: Analyse): readonly Sentence[] {
  const inTime = memories.toSorted((a, b) => (a.validAt < b.validAt ? -1 : 1));
  const texts = inTime.flatMap(({ text }) => text.split(SENTENCE)).map((text) => text.trim());
  return texts
    .filter((text) => text !== '')
    .map((text, place) => ({ text, place, terms: new Set(analyse(text)) }));
}

function mostTelling(
  sentences: readonly Sentence[],
  worth: (term: string) => number,
): Sentence | null {
  let best: Sentence | null = null;
  let bestScore = 0;
  for (const sentence of sentences) {
    const sum = [...sentence.terms].reduce((total, term) => total + worth(term), 0);
    // Long sentences hold more rare words whatever they say.
    const score = sum / Math.sqrt(1 + sentence.terms.size);
    if (score <= bestScore && best !== null) continue;
    best = sentence;
    bestScore = score;
  }
  return best;
}
