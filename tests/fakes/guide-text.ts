/** A section for each number; sections are long enough to be pieces of their own. */
export function guide(numbers: readonly number[]): string {
  return numbers
    .map(
      (n) => `## Section ${n}\n\n${Array.from({ length: 125 }, (_, i) => `w${n}x${i}`).join(' ')}`,
    )
    .join('\n\n');
}

/** The numbers from 0. */
export const range = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, n) => n);
